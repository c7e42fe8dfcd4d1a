import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type ModuleMetadata } from '@nestjs/common';
import { OnLalamoveEvent, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { WebhookHost } from './event-host.js';
import { Journal, Provider } from './handler-host.js';

describe('the handlers of an app at boot', () => {
  let host: WebhookHost | undefined;

  afterEach(async () => {
    await host?.close();
    host = undefined;
  });

  @Injectable()
  class OfAnother {
    @OnLalamoveEvent('*', { account: 'siam' })
    handle(): void {
      return;
    }
  }

  const boot = async (metadata: ModuleMetadata, account: Partial<LalamoveModuleOptions>): Promise<WebhookHost> =>
    (host = await WebhookHost.start('express', metadata, undefined, account));

  it('warns of handlers without an endpoint', async () => {
    const { log } = await boot({ providers: [Provider, Journal] }, { webhook: undefined });
    expect(log.warnings).toEqual([
      "These handlers get no events, because webhook is not set: set webhook: { path: 'webhooks/lalamove' } " +
        '(handlers=Provider.onEither, Provider.onBoth, Provider.onNewer, Provider.onCreated)',
    ]);
  });

  it.each([
    ['there is an endpoint', { path: 'hooks' }],
    ['the host has a route of its own', {}],
  ])('does not warn if %s', async (_, webhook) => {
    const { log } = await boot({ providers: [Provider, Journal] }, { webhook });
    expect(log).toMatchObject({ errors: [], warnings: [] });
  });

  it('does not warn if there are no handlers', async () => {
    expect((await boot({}, { webhook: undefined })).log).toMatchObject({ errors: [], warnings: [] });
  });

  it('refuses a handler of an account that is not registered', async () => {
    await expect(boot({ providers: [OfAnother] }, {})).rejects.toThrow(
      /OfAnother\.handle handles events of the account "siam", which is not registered/,
    );
  });

  it('accepts a handler of an account that is registered, or if there is resolveAccount', async () => {
    const resolveAccount = (): undefined => undefined;
    await boot({ providers: [OfAnother] }, { webhook: { path: 'hooks', resolveAccount } });
    await host?.close();
    const { log } = await boot({ providers: [OfAnother] }, { name: 'siam' });
    expect(log).toMatchObject({ errors: [], warnings: [] });
  });
});
