import { randomUUID } from 'node:crypto';
import { detached } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import { DeliveryConflictException, DeliveryNotFoundException } from '../delivery.exceptions.js';
import { deliveryOf, accountName, type Delivery } from '../delivery.js';
import { activeOrder } from '../domain/adoption.js';
import { cancelAsked } from '../domain/cancellation.js';
import { newProgress } from '../domain/delivery-progress.js';
import { resolvedByCancelling, resolvedByRebooking } from '../domain/resolution.js';
import type { ResolveDelivery } from '../dto/book-delivery.dto.js';
import { isSameRequest, type CheckedBooking } from '../dto/booking-input.js';
import type { DeliveryKey } from '../dto/method-inputs.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { DeliveryTransaction } from './delivery-transaction.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import type { DeliveryWorker } from './delivery-worker.js';
import type { FoundOrders } from './found-orders.js';
import { HostCommits } from './host-commits.js';
import { notResolvable } from './not-resolvable.js';
import type { OutboxDispatcher } from './outbox-dispatcher.js';
import type { UnreadableRows } from './unreadable-rows.js';

/** The dependencies of {@link DeliveryCommands}. */
export interface DeliveryCommandsParts {
  readonly deliveries: DeliveryTransactions;
  readonly unreadable: UnreadableRows;
  readonly foundOrders: FoundOrders;
  readonly worker: Pick<DeliveryWorker, 'advance'>;
  readonly dispatcher: Pick<OutboxDispatcher, 'wake'>;
  readonly clock: Clock;
  /** Wakes a delivery at a time in Unix ms; now if `at` is omitted. */
  readonly wake: (deliveryId: string, at?: number) => void;
}

/** The commands of the host. Each one is committed when its method resolves. Workers execute it. */
export class DeliveryCommands {
  readonly #commits: HostCommits;

  constructor(private readonly parts: DeliveryCommandsParts) {
    const { deliveries, clock, wake, dispatcher } = parts;
    const committed = ({ id }: DeliveryRecord): void => {
      wake(id);
      dispatcher.wake();
    };
    this.#commits = new HostCommits({ storage: deliveries.storage, clock, committed });
  }

  /** @param hostTransaction the host's transaction; `undefined` for a new transaction */
  async book(asked: CheckedBooking, hostTransaction: unknown): Promise<Delivery> {
    const { deliveries, wake } = this.parts;
    const insert = (trx: DeliveryTransaction): Promise<{ record: DeliveryRecord; isNew: boolean }> =>
      this.#insert(trx, asked);
    const isOwn = hostTransaction === undefined;
    const { record, isNew } = await (isOwn ? deliveries.transact(insert) : deliveries.join(hostTransaction, insert));
    if (!isSameRequest(record, asked)) {
      const message =
        `The reference ${JSON.stringify(asked.reference)} was used for a different delivery: ` +
        'use another, or ask for the very same.';
      throw new DeliveryConflictException(message, accountName(asked.account));
    }
    if (isNew && isOwn) wake(record.id);
    else if (isNew) detached(() => void this.#commits.watch(record));
    return deliveryOf(record);
  }

  /** Returns the existing delivery, or inserts a new one. */
  async #insert(trx: DeliveryTransaction, asked: CheckedBooking): Promise<{ record: DeliveryRecord; isNew: boolean }> {
    const { account, reference } = asked;
    const known = await trx.storage.find(account, reference);
    if (known) return { record: known, isNew: false };
    const record = newRecord(asked, this.parts.clock.now());
    if (await trx.insert(record, [{ type: 'requested' }])) return { record, isNew: true };
    // Another process has inserted the delivery first.
    const others = await trx.storage.find(account, reference);
    if (!others) throw new Error(`The delivery ${JSON.stringify(reference)} was inserted, and is not there.`);
    return { record: others, isNew: false };
  }

  /** Waits until no query checks whether a host has committed. Used in tests. */
  async idle(): Promise<void> {
    await this.#commits.idle();
  }

  /** Looks no more whether hosts have committed. The sweeper of the next start finds their bookings. */
  stop(): void {
    this.#commits.stop();
  }

  async cancel(key: DeliveryKey): Promise<Delivery> {
    const { deliveries, clock, worker, wake } = this.parts;
    const { id, account, reference } = await this.#record(key);
    const { record } = await deliveries.change(id, (snapshot) => {
      if (snapshot.state === 'completed' || snapshot.state === 'failed') {
        const message =
          `The delivery ${JSON.stringify(reference)} has ended as ${snapshot.state}: ` + 'there is nothing to cancel.';
        throw new DeliveryConflictException(message, accountName(account));
      }
      return cancelAsked(snapshot, clock.now());
    });
    if (record.state === 'canceled') return deliveryOf(record);
    const dueAt = await worker.advance(id);
    if (dueAt !== undefined) wake(id, dueAt);
    return deliveryOf(await this.#record(key));
  }

  async resolve(key: DeliveryKey, resolution: ResolveDelivery): Promise<Delivery> {
    const record = await this.#record(key);
    const isToBeFound = 'orderId' in resolution && record.progress.attempt?.outcome === 'unknown';
    if (record.state !== 'needs_attention' && !isToBeFound) throw notResolvable(record);
    if ('orderId' in resolution) await this.parts.foundOrders.adopt(record, resolution.orderId);
    else await this.#resolveWithoutOrder(record.id, resolution);
    this.parts.wake(record.id);
    return deliveryOf(await this.#record(key));
  }

  async #resolveWithoutOrder(id: string, resolution: Exclude<ResolveDelivery, { orderId: string }>): Promise<void> {
    const { deliveries, clock } = this.parts;
    await deliveries.change(id, (snapshot) => {
      if (snapshot.state !== 'needs_attention') throw notResolvable(snapshot);
      const alive = activeOrder(snapshot.progress);
      if (alive) {
        const message = `Its order ${alive.orderId} may be on its way: cancel it, or resolve({ orderId }) with it.`;
        throw new DeliveryConflictException(message, accountName(snapshot.account));
      }
      if ('cancel' in resolution) return resolvedByCancelling(snapshot, clock.now());
      return resolvedByRebooking(snapshot, resolution.maxPrice);
    });
  }

  async forget(key: DeliveryKey): Promise<void> {
    const { id, account, reference } = await this.#record(key);
    const erasure = await this.parts.deliveries.storage.transact((trx) => trx.erase(id));
    if (erasure.isErased) return;
    const why =
      'state' in erasure
        ? `is ${erasure.state}: only what has ended can be forgotten.`
        : `has ${erasure.waiting} webhooks that still wait for their handlers, which would get nothing of them. ` +
          'Try again once they have had them; if they keep failing, the log says why: after 10 tries a webhook is ' +
          'set aside, and can be forgotten.';
    throw new DeliveryConflictException(`The delivery ${JSON.stringify(reference)} ${why}`, accountName(account));
  }

  /** @throws DeliveryNotFoundException if no delivery has this reference */
  async #record({ account, reference }: DeliveryKey): Promise<DeliveryRecord> {
    const { deliveries, unreadable } = this.parts;
    const record = await unreadable.reported(deliveries.storage.find(account, reference));
    if (!record) throw new DeliveryNotFoundException(reference, accountName(account));
    return record;
  }
}

function newRecord(asked: CheckedBooking, at: number): DeliveryRecord {
  return {
    ...asked,
    id: randomUUID(),
    state: 'requested',
    version: 1,
    dueAt: at,
    leaseToken: undefined,
    leaseUntil: undefined,
    progress: newProgress(at, asked.request.maxPrice ?? undefined),
    createdAt: at,
    updatedAt: at,
  };
}
