import { Global, Module } from '@nestjs/common';
import { LalamoveEventHandlers } from './events/event-handlers.js';
import { LalamoveInboxHost } from './inbox/inbox-host.js';
import { LalamoveWebhookEndpoint } from './endpoint/webhook-endpoint.js';
import { LalamoveWebhookMount } from './endpoint/webhook-mount.js';
import { LalamoveWebhookRegistrations } from './endpoint/webhook-registrations.js';

/** Receives the webhooks of all accounts. A static module, so that it exists once for any number of accounts. */
@Global()
@Module({
  providers: [
    LalamoveEventHandlers,
    LalamoveInboxHost,
    LalamoveWebhookEndpoint,
    LalamoveWebhookMount,
    LalamoveWebhookRegistrations,
  ],
  exports: [LalamoveEventHandlers, LalamoveInboxHost, LalamoveWebhookRegistrations],
})
export class LalamoveWebhooksModule {}
