import { Injectable, type INestApplication } from '@nestjs/common';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import {
  DeliveriesModule,
  DeliveriesService,
  OnDelivery,
  type DeliveriesModuleOptions,
  type DeliveryEvent,
} from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { DeliveriesRuntime } from '../../src/deliveries/deliveries.runtime.js';
import { accountOn } from '../support/account.js';
import { startHost } from '../support/host-app.js';

/** The path of the webhook endpoint. */
const WEBHOOKS = 'webhooks/lalamove';

/** A handler that fails for the events of some deliveries, with a NUL character in its error. */
@Injectable()
export class FailingJournal {
  readonly events: DeliveryEvent[] = [];
  failsFor = '';

  @OnDelivery('*')
  on(event: DeliveryEvent): void {
    if (event.reference === this.failsFor) throw new Error('the shop is\0away');
    this.events.push(event);
  }
}

/** A running app on the sandbox. */
export interface MovingHost {
  readonly app: INestApplication;
  readonly deliveries: DeliveriesService;
  readonly lalamove: LalamoveService;
  readonly journal: FailingJournal;
  readonly close: () => Promise<void>;
}

/** One sandbox and one clock, on which apps with different storages are started one after another. */
export class MovingWorld {
  private constructor(
    readonly sandbox: LalamoveSandbox,
    readonly clock: SandboxClock,
  ) {}

  static async start(): Promise<MovingWorld> {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
    return new MovingWorld(await LalamoveSandbox.start({ clock, rateLimits: false, drivers: 'still' }), clock);
  }

  /** Starts an app. Its webhook URL replaces the previous one. */
  async open(deliveries: DeliveriesModuleOptions, failsFor = ''): Promise<MovingHost> {
    const { clock, sandbox } = this;
    const { app, url } = await startHost('express', {
      imports: [
        LalamoveModule.forRoot(accountOn(sandbox, { clock, webhook: { path: WEBHOOKS } })),
        DeliveriesModule.forRoot({ clock, ...deliveries }),
      ],
      providers: [FailingJournal],
    });
    const journal = app.get(FailingJournal);
    journal.failsFor = failsFor;
    const lalamove = app.get(LalamoveService);
    await lalamove.setWebhookUrl(`${url}/${WEBHOOKS}`);
    const runtime = app.get(DeliveriesRuntime, { strict: false });
    const unsettle = clock.settle(() => runtime.idle());
    const close = async (): Promise<void> => {
      unsettle();
      await app.close();
    };
    return { app, deliveries: app.get(DeliveriesService), lalamove, journal, close };
  }

  /** The number of orders that were placed. */
  get orders(): number {
    return this.sandbox.ledger.total.orderIds.length;
  }

  async stop(): Promise<void> {
    await this.sandbox.stop();
  }
}
