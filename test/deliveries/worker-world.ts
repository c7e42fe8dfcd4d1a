import { inspect } from 'node:util';
import type { DeliveriesHooks, DeliveryStep } from '../../src/deliveries/deliveries.hooks.js';
import { cancelAsked } from '../../src/deliveries/domain/cancellation.js';
import type { DeliveryPolicy } from '../../src/deliveries/domain/delivery-policy.js';
import type { DeliveriesKysely } from '../../src/deliveries/storage/sql/deliveries-schema.js';
import type { DeliveryRecord } from '../../src/deliveries/storage/delivery-record.js';
import type { DeliveryAccounts } from '../../src/deliveries/application/account-services.js';
import type { DeliveryTransactions } from '../../src/deliveries/application/delivery-transactions.js';
import { DeliveryWorker } from '../../src/deliveries/application/delivery-worker.js';
import { DurableInbox } from '../../src/deliveries/application/durable-inbox.js';
import { WebhookHandlers } from '../../src/deliveries/application/webhook-handlers.js';
import { readLalamoveEvent } from '../../src/webhooks/events/lalamove-event.js';
import { deliveriesOn, deliveryById } from './deliveries-on.js';
import { openTestedDatabase, type TestedDatabase } from './tested-storage.js';
import { recordNamed } from './delivery-rows.js';
import { factsOf } from '../webhooks/event-samples.js';
import { ManualClock } from '../support/manual-clock.js';
import { ScriptedLalamove } from './scripted-lalamove.js';

/** The id of the only delivery, `A`. */
export const ID = 'id of A';

/** A database with one delivery, workers on it, and a scripted Lalamove. */
export class WorkerWorld {
  readonly lalamove = new ScriptedLalamove();
  deliveries: DeliveryTransactions;
  /** Gives the workers the service of an account. */
  accounts: DeliveryAccounts = { of: () => Promise.resolve(this.lalamove) };
  /** The log function of the workers. */
  log: (...words: unknown[]) => void;
  #logged: string[] = [];

  private constructor(
    private readonly database: TestedDatabase,
    readonly clock: ManualClock,
  ) {
    this.deliveries = deliveriesOn(database, this.now);
    this.log = (...words) => {
      this.#logged.push(words.map((word) => inspect(word)).join(' '));
    };
  }

  static async open(): Promise<WorkerWorld> {
    const clock = new ManualClock();
    return new WorkerWorld(await openTestedDatabase(() => clock.now()), clock);
  }

  get db(): DeliveriesKysely {
    return this.database.db;
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  /** The logged lines, with everything that `inspect` shows of their arguments. */
  get logged(): readonly string[] {
    return this.#logged;
  }

  /** Sets what differs from the default policy. */
  usePolicy(policy: Partial<DeliveryPolicy>): void {
    this.deliveries = deliveriesOn(this.database, this.now, policy);
  }

  readonly now = (): number => this.clock.now();

  /** A new worker, like the worker of another process. */
  worker(hooks: DeliveriesHooks = {}): DeliveryWorker {
    const log = (...words: unknown[]): void => {
      this.log(...words);
    };
    const { deliveries, accounts: services, now } = this;
    return new DeliveryWorker({
      deliveries,
      services,
      hooks,
      logger: { log, warn: log, error: log },
      now,
      wake: () => undefined,
      leaseMs: 120_000,
    });
  }

  /** A worker that calls a function when it reaches a step for the first time. */
  workerTo(step: DeliveryStep, happens: () => Promise<unknown>): DeliveryWorker {
    let isOver = false;
    return this.worker({
      onStep: async (reached) => {
        if (reached !== step || isOver) return;
        isOver = true;
        await happens();
      },
    });
  }

  /** Lets a new worker work on the delivery. */
  advance(): Promise<number | undefined> {
    return this.worker().advance(ID);
  }

  async requested(more: Parameters<typeof recordNamed>[2] = {}): Promise<void> {
    const record = recordNamed('A', this.now(), more);
    await this.deliveries.transact((trx) => trx.insert(record, [{ type: 'requested' }]));
  }

  /** Creates the delivery with order `1001`. */
  async booked(): Promise<void> {
    await this.requested();
    await this.advance();
    this.lalamove.called.length = 0;
  }

  async cancellationAsked(): Promise<void> {
    await this.deliveries.change(ID, (record) => cancelAsked(record, this.now()));
  }

  /** Stores and applies ORDER_CREATED for order `1001`, with the attempt in the metadata if it is given. */
  async createdReceived(attemptId?: string): Promise<void> {
    const { deliveries, now } = this;
    const metadata = attemptId === undefined ? {} : { deliveryAttempt: attemptId };
    const order = { orderId: '1001', status: 'ASSIGNING_DRIVER', metadata };
    const facts = factsOf('ORDER_CREATED', { order }, { signedAt: now(), receivedAt: now() });
    const inbox = new DurableInbox({
      ...{ deliveries, handlers: new WebhookHandlers(), hooks: {}, now, unmatchedMs: 60_000 },
      wake: () => undefined,
      wakeHandlers: () => undefined,
    });
    await inbox.accept({ keys: [facts.fingerprint], facts, event: readLalamoveEvent(facts) });
    await inbox.stop();
  }

  /** Advances the clock until the lease has expired. */
  async leaseOver(): Promise<void> {
    const { leaseUntil } = await this.row();
    if (leaseUntil === undefined) throw new TypeError('The delivery has no lease.');
    this.clock.advance(leaseUntil - this.now());
  }

  async row(): Promise<DeliveryRecord> {
    const record = await deliveryById(this.deliveries, ID);
    if (!record) throw new TypeError('There is no such delivery.');
    return record;
  }

  /** The outcome of each attempt, for example `placed as 1001`. */
  async attempts(): Promise<string[]> {
    const attempts = this.db.selectFrom('delivery_attempts').select(['outcome', 'order_id']).orderBy('number');
    return (await attempts.execute()).map(({ outcome, order_id: orderId }) =>
      orderId === null ? outcome : `${outcome} as ${orderId}`,
    );
  }

  /** The types of the delivery's own events, in order. */
  async eventTypes(): Promise<string[]> {
    const events = this.db.selectFrom('delivery_events').select('type').where('source', '=', 'delivery').orderBy('id');
    return (await events.execute()).map(({ type }) => type);
  }
}
