import type { HttpService } from '@nestjs/axios';
import { Logger, type FactoryProvider, type InjectionToken, type Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CALL_LISTENERS, type CallListeners } from './client/call-listeners.js';
import { sharedParts, type SharedParts } from './client/shared-parts.js';
import { LalamoveHttpService } from './client/transport/lalamove-http.service.js';
import { LalamoveErrorPolicies } from './errors/error-policies.js';
import { WORK_TRACING, type WorkTracing } from './internal/work-tracing.js';
import { ThrottledLog } from './internal/throttled-log.js';
import {
  accountErrorPolicy,
  clientSettings,
  LalamoveOptionsException,
  verifierSettings,
  type LalamoveAccountOptions,
} from './lalamove.options.js';
import { LalamoveService } from './lalamove.service.js';
import { getLalamoveHttpToken, getLalamoveToken, getLalamoveWebhooksToken } from './lalamove.tokens.js';
import { SignedPaths } from './webhooks/endpoint/signed-paths.js';
import { LalamoveWebhookRegistrations } from './webhooks/endpoint/webhook-registrations.js';
import { WebhookUrlRegistrar } from './webhooks/endpoint/webhook-url-registrar.js';
import { LalamoveInboxHost } from './webhooks/inbox/inbox-host.js';
import { LalamoveWebhooks } from './webhooks/lalamove-webhooks.js';

/** The token of an account's options. */
export const optionsToken = (name: string | undefined): string => `nestjs-lalamove:options:${name ?? ''}`;

const pathsToken = (name: string | undefined): string => `nestjs-lalamove:paths:${name ?? ''}`;

/** The providers of one account. Its options must be provided under {@link optionsToken}. */
export function accountProviders(name: string | undefined): { providers: Provider[]; exports: InjectionToken[] } {
  return {
    providers: [
      httpProvider(name),
      pathsProvider(name),
      serviceProvider(name),
      webhooksProvider(name),
      webhookUrlProvider(name),
    ],
    exports: [getLalamoveHttpToken(name), getLalamoveToken(name), getLalamoveWebhooksToken(name)],
  };
}

function httpProvider(name: string | undefined): FactoryProvider<HttpService> {
  // One for each app, identified by its policies: with request-scoped options, a request must not open new connections.
  const services = new WeakMap<LalamoveErrorPolicies, LalamoveHttpService>();
  return {
    provide: getLalamoveHttpToken(name),
    inject: [optionsToken(name), LalamoveErrorPolicies],
    useFactory: (options: LalamoveAccountOptions, app: LalamoveErrorPolicies) => {
      const service = services.get(app) ?? new LalamoveHttpService(options.http);
      services.set(app, service);
      return service;
    },
  };
}

function pathsProvider(name: string | undefined): FactoryProvider<SignedPaths> {
  return {
    provide: pathsToken(name),
    inject: [optionsToken(name), LalamoveWebhookRegistrations],
    useFactory: ({ webhook }: LalamoveAccountOptions, registrations: LalamoveWebhookRegistrations) => {
      if (webhook?.path !== undefined) registrations.endpointRequested(name);
      const paths = new SignedPaths(webhook?.publicPath);
      // Before the URL is registered again: Lalamove knows it from the last start and may send at once.
      if (webhook?.url !== undefined) {
        paths.learn(webhook.url);
        registrations.urlConfigured(name);
      }
      return paths;
    },
  };
}

function serviceProvider(name: string | undefined): FactoryProvider<LalamoveService> {
  const owner = {};
  // One for each app: with request-scoped options, a request must not reset the limits and budgets.
  const shared = new WeakMap<LalamoveErrorPolicies, SharedParts>();
  return {
    provide: getLalamoveToken(name),
    inject: [optionsToken(name), getLalamoveHttpToken(name), LalamoveErrorPolicies, pathsToken(name), CALL_LISTENERS],
    useFactory: (
      options: LalamoveAccountOptions,
      http: HttpService,
      policies: LalamoveErrorPolicies,
      paths: SignedPaths,
      listeners: CallListeners,
    ) => {
      const policy = accountErrorPolicy(options, name, new Logger('LalamoveModule'));
      if (!policies.add(policy, owner)) throw duplicateName(name);
      const parts = shared.get(policies) ?? sharedParts(http, clientSettings(options, name), listeners);
      shared.set(policies, parts);
      const webhookUrlGiven = (url: string): void => {
        paths.learn(url);
      };
      return new LalamoveService(http, options, name, { ...parts, webhookUrlGiven });
    },
  };
}

function webhooksProvider(name: string | undefined): FactoryProvider<LalamoveWebhooks> {
  return {
    provide: getLalamoveWebhooksToken(name),
    inject: [optionsToken(name), pathsToken(name), LalamoveInboxHost, LalamoveWebhookRegistrations, WORK_TRACING],
    useFactory: (
      options: LalamoveAccountOptions,
      paths: SignedPaths,
      inboxes: LalamoveInboxHost,
      registrations: LalamoveWebhookRegistrations,
      tracing: WorkTracing,
    ) => {
      const logger = options.logger ?? new Logger('LalamoveWebhooks');
      const dropped = new ThrottledLog(logger);
      const path = options.webhook?.path;
      const verifier = verifierSettings(options, name);
      const webhooks = new LalamoveWebhooks({ verifier, paths, inboxes, logger, dropped, path, tracing });
      registrations.add({ webhooks, paths, dropped, isOn: options.webhook !== undefined });
      return webhooks;
    },
  };
}

function webhookUrlProvider(name: string | undefined): FactoryProvider<WebhookUrlRegistrar> {
  return {
    provide: `nestjs-lalamove:webhook-url:${name ?? ''}`,
    inject: [optionsToken(name), getLalamoveToken(name), HttpAdapterHost],
    useFactory: (options: LalamoveAccountOptions, lalamove: LalamoveService, adapterHost: HttpAdapterHost) => {
      const logger = options.logger ?? new Logger('LalamoveWebhooks');
      return new WebhookUrlRegistrar({ url: options.webhook?.url, account: name, logger }, lalamove, adapterHost);
    },
  };
}

function duplicateName(name: string | undefined): LalamoveOptionsException {
  const problem =
    name === undefined
      ? 'There are two registrations without a name: import one, or tell them apart by `name` and inject with ' +
        '@InjectLalamove(name).'
      : 'There are two registrations of this name: give each its own, or import one.';
  return new LalamoveOptionsException([problem], name);
}
