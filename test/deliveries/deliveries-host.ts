import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { LalamoveModule, LalamoveService, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService, type DeliveriesModuleOptions } from 'nestjs-lalamove/deliveries';
import {
  LalamoveSandbox,
  SandboxClock,
  type LalamoveSandboxOptions,
  type SandboxAccount,
} from 'nestjs-lalamove/sandbox';
import { DeliveriesRuntime } from '../../src/deliveries/deliveries.runtime.js';
import { accountOn } from '../support/account.js';
import { testedStorage } from './tested-storage.js';
import { startHost, type Platform } from '../support/host-app.js';

/** The path of the webhook endpoint. */
const WEBHOOKS = 'webhooks/lalamove';

/** The options of a host with deliveries. */
export interface DeliveriesHostOptions {
  platform?: Platform;
  sandbox?: LalamoveSandboxOptions;
  lalamove?: Partial<LalamoveModuleOptions>;
  deliveries?: DeliveriesModuleOptions;
  more?: ModuleMetadata;
  /** More accounts of the sandbox, registered by name. */
  named?: Readonly<Record<string, SandboxAccount>>;
  /** Whether webhooks are registered with the sandbox. */
  webhooks?: boolean;
}

/** The clock that the test gives to the sandbox, or a new one that stands still. */
function sandboxClock({ clock }: LalamoveSandboxOptions = {}): SandboxClock {
  if (clock instanceof SandboxClock) return clock;
  return new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
}

/** An app with deliveries and a sandbox. They share a clock that moves only if it is advanced. */
export class DeliveriesHost {
  private constructor(
    readonly sandbox: LalamoveSandbox,
    readonly clock: SandboxClock,
    readonly app: INestApplication,
    readonly url: string,
    private readonly unsettle: () => void,
    private readonly drop: () => Promise<void>,
  ) {}

  static async start({
    platform = 'express',
    sandbox: sandboxOptions,
    lalamove,
    deliveries,
    more = {},
    named = {},
    webhooks = true,
  }: DeliveriesHostOptions = {}): Promise<DeliveriesHost> {
    const clock = sandboxClock(sandboxOptions);
    const sandbox = await LalamoveSandbox.start({
      clock,
      rateLimits: false,
      ...sandboxOptions,
      accounts: [...Object.values(named), ...(sandboxOptions?.accounts ?? [])],
    });
    const storage = testedStorage(deliveries, clock);
    const { app, url } = await startHost(platform, {
      ...more,
      imports: [
        LalamoveModule.forRoot(
          accountOn(sandbox, { clock, webhook: { path: WEBHOOKS }, retry: { maxAttempts: 1 }, ...lalamove }),
        ),
        DeliveriesModule.forRoot({ ...storage.options, clock, ...deliveries }),
        ...Object.entries(named).map(([name, { apiKey, apiSecret }]) =>
          LalamoveModule.forRoot({ ...accountOn(sandbox, { clock }), name, apiKey, apiSecret }),
        ),
        ...(more.imports ?? []),
      ],
    });
    if (webhooks) await app.get(LalamoveService).setWebhookUrl(`${url}/${WEBHOOKS}`);
    const runtime = app.get(DeliveriesRuntime, { strict: false });
    const host = new DeliveriesHost(
      sandbox,
      clock,
      app,
      url,
      clock.settle(() => runtime.idle()),
      storage.drop,
    );
    return host;
  }

  get deliveries(): DeliveriesService {
    return this.app.get(DeliveriesService);
  }

  get runtime(): DeliveriesRuntime {
    return this.app.get(DeliveriesRuntime, { strict: false });
  }

  /** Waits until everything that is due now is done. */
  async settle(): Promise<void> {
    await this.clock.advance(0);
  }

  async stop(): Promise<void> {
    this.unsettle();
    await this.app.close();
    await this.sandbox.stop();
    await this.drop();
  }
}
