import { randomUUID } from 'node:crypto';
import { detached } from '../../internal/async-context.js';
import type { Clock } from '../../internal/clock.js';
import type { WorkTracing } from '../../internal/work-tracing.js';
import { DeliveryConflictException, DeliveryNotFoundException } from '../delivery.exceptions.js';
import { deliveryOf, accountName, type Delivery } from '../delivery.js';
import { activeOrder } from '../domain/adoption.js';
import { cancelAsked } from '../domain/cancellation.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import { newProgress } from '../domain/delivery-progress.js';
import {
  decidedBy,
  isCorrectable,
  isReportedMissing,
  resolvedByCancelling,
  resolvedByCorrecting,
  resolvedByRebooking,
} from '../domain/resolution.js';
import { differingMembers, isSameRequest, type CheckedBooking } from '../dto/booking-input.js';
import { correctedBooking } from '../dto/corrected-booking.js';
import type { DeliveryChangesDto } from '../dto/resolve-delivery.dto.js';
import type { DeliveryKey } from '../dto/method-inputs.js';
import type { CheckedResolution } from '../dto/resolution-input.js';
import { referenceConflict } from '../reference-conflict.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { ChangedDelivery, DeliveryTransaction } from './delivery-transaction.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import type { DeliveryWorker } from './delivery-worker.js';
import type { FoundOrders } from './found-orders.js';
import { HostCommits } from './host-commits.js';
import { assertUnmodified, notCorrectable, notResolvable } from './not-resolvable.js';
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
  /** The module's policy. */
  readonly policy: DeliveryPolicy;
  readonly tracing: WorkTracing;
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
    const { account, reference } = asked;
    const attributes = { 'lalamove.account': accountName(account), 'lalamove.delivery.reference': reference };
    return this.parts.tracing.run({ name: 'book', attributes }, () => this.#book(asked, hostTransaction));
  }

  async #book(asked: CheckedBooking, hostTransaction: unknown): Promise<Delivery> {
    const { deliveries, wake, tracing } = this.parts;
    // Now: the transaction may run in the context of another caller.
    const booking = tracing.tracer?.capture();
    const insert = (trx: DeliveryTransaction): Promise<{ record: DeliveryRecord; isNew: boolean }> =>
      this.#insert(trx, asked, booking);
    const isOwn = hostTransaction === undefined;
    const { record, isNew } = await (isOwn ? deliveries.transact(insert) : deliveries.join(hostTransaction, insert));
    if (!isSameRequest(record, asked)) {
      const message = referenceConflict(asked.reference, differingMembers(record, asked));
      throw new DeliveryConflictException(message, accountName(asked.account));
    }
    if (isNew && isOwn) wake(record.id);
    else if (isNew) detached(() => void this.#commits.watch(record));
    return deliveryOf(record);
  }

  /** Returns the existing delivery, or inserts a new one. */
  async #insert(
    trx: DeliveryTransaction,
    asked: CheckedBooking,
    booking: string | undefined,
  ): Promise<{ record: DeliveryRecord; isNew: boolean }> {
    const { account, reference } = asked;
    const known = await trx.storage.find(account, reference);
    if (known) return { record: known, isNew: false };
    const record = newRecord(asked, this.parts.clock.now(), booking);
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

  /** @param by who asks for it, for the timeline */
  async cancel(key: DeliveryKey, by?: string): Promise<Delivery> {
    const { deliveries, clock, worker, wake } = this.parts;
    const { id, account, reference } = await this.#record(key);
    const { record } = await deliveries.change(id, (snapshot) => {
      if (snapshot.state === 'completed' || snapshot.state === 'failed') {
        const message =
          `The delivery ${JSON.stringify(reference)} has ended as ${snapshot.state}: ` + 'there is nothing to cancel.';
        throw new DeliveryConflictException(message, accountName(account));
      }
      return cancelAsked(snapshot, clock.now(), by);
    });
    if (record.state === 'canceled') return deliveryOf(record);
    const dueAt = await worker.advance(id);
    if (dueAt !== undefined) wake(id, dueAt);
    return deliveryOf(await this.#record(key));
  }

  async resolve(key: DeliveryKey, resolution: CheckedResolution): Promise<Delivery> {
    const record = await this.#record(key);
    const isToBeFound = 'orderId' in resolution && record.progress.attempt?.outcome === 'unknown';
    if (record.state !== 'needs_attention' && !isToBeFound) throw notResolvable(record);
    if ('orderId' in resolution) await this.parts.foundOrders.adopt(record, resolution);
    else await this.#resolveWithoutOrder(record.id, resolution);
    this.parts.wake(record.id);
    return deliveryOf(await this.#record(key));
  }

  async #resolveWithoutOrder(id: string, resolution: Exclude<CheckedResolution, { orderId: string }>): Promise<void> {
    const { deliveries, clock } = this.parts;
    await deliveries.change(id, (snapshot) => {
      if (snapshot.state !== 'needs_attention') throw notResolvable(snapshot);
      assertUnmodified(snapshot, resolution.since);
      const alive = activeOrder(snapshot.progress);
      if (alive && !isReportedMissing(snapshot.progress, alive.orderId)) {
        const message = `Its order ${alive.orderId} may be on its way: cancel it, or resolve({ orderId }) with it.`;
        throw new DeliveryConflictException(message, accountName(snapshot.account));
      }
      const { by } = resolution;
      if ('cancel' in resolution) return decidedBy(resolvedByCancelling(snapshot, clock.now()), 'cancel', by);
      const { changes, maxPrice } = resolution;
      if (changes) return this.#corrected(snapshot, { changes, by }, maxPrice);
      return decidedBy(resolvedByRebooking(snapshot, clock.now(), maxPrice), 'rebook', by);
    });
  }

  #corrected(
    record: DeliveryRecord,
    { changes, by }: { changes: DeliveryChangesDto; by: string | undefined },
    maxPrice: string | undefined,
  ): ChangedDelivery {
    const { request } = record;
    const now = this.parts.clock.now();
    if (!request || !isCorrectable(record, now)) throw notCorrectable(record);
    const { fields, hashes, ...correction } = correctedBooking(
      { ...record, request },
      changes,
      this.parts.policy,
      maxPrice,
    );
    return { ...resolvedByCorrecting(record, { fields, hashes, by }, now, maxPrice), correction };
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

function newRecord(asked: CheckedBooking, at: number, booking: string | undefined): DeliveryRecord {
  return {
    ...asked,
    id: randomUUID(),
    state: 'requested',
    version: 1,
    dueAt: at,
    leaseToken: undefined,
    leaseUntil: undefined,
    progress: newProgress(at, asked.request.maxPrice ?? undefined, booking === undefined ? undefined : { booking }),
    createdAt: at,
    updatedAt: at,
  };
}
