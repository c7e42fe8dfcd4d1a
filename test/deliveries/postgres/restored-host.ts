import type { INestApplication } from '@nestjs/common';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import {
  DeliveriesModule,
  DeliveriesService,
  type Delivery,
  type DeliveriesModuleOptions,
} from 'nestjs-lalamove/deliveries';
import { postgresStorage, type PostgresStorageOptions } from 'nestjs-lalamove/deliveries/postgres';
import type { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { DeliveriesRuntime } from '../../../src/deliveries/deliveries.runtime.js';
import { accountOn } from '../../support/account.js';
import { startHost } from '../../support/host-app.js';

const WEBHOOKS = 'webhooks/lalamove';

/** The settings of {@link RestoredHost}. */
export interface RestoredHostOptions {
  readonly sandbox: LalamoveSandbox;
  readonly clock: SandboxClock;
  readonly storage: PostgresStorageOptions;
  readonly deliveries?: DeliveriesModuleOptions;
}

/** An app on a database that a test restores, with a sandbox that lives longer than the app. */
export class RestoredHost {
  private constructor(
    private readonly app: INestApplication,
    private readonly url: string,
    private readonly unsettle: () => void,
  ) {}

  static async start({ sandbox, clock, storage, deliveries }: RestoredHostOptions): Promise<RestoredHost> {
    const leaseClock = (): number => clock.now();
    const account = accountOn(sandbox, { clock, webhook: { path: WEBHOOKS }, retry: { maxAttempts: 1 } });
    const { app, url } = await startHost('express', {
      imports: [
        LalamoveModule.forRoot(account),
        DeliveriesModule.forRoot({
          storage: postgresStorage({ schema: 'shop', leaseClock, maxConnections: 4, ...storage }),
          clock,
          ...deliveries,
        }),
      ],
    });
    const runtime = app.get(DeliveriesRuntime, { strict: false });
    return new RestoredHost(
      app,
      url,
      clock.settle(() => runtime.idle()),
    );
  }

  get deliveries(): DeliveriesService {
    return this.app.get(DeliveriesService);
  }

  async get(reference: string): Promise<Delivery> {
    return this.deliveries.get(reference);
  }

  /** From now on this app gets the webhooks. */
  async takeWebhooks(): Promise<void> {
    await this.app.get(LalamoveService).setWebhookUrl(`${this.url}/${WEBHOOKS}`);
  }

  async stop(): Promise<void> {
    this.unsettle();
    await this.app.close();
  }
}
