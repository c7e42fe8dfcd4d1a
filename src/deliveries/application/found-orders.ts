import { randomUUID } from 'node:crypto';
import { DeliveryConflictException } from '../delivery.exceptions.js';
import { accountName } from '../delivery.js';
import type { DeliveryAttempt } from '../domain/delivery-progress.js';
import { attemptFound, decidedBy, foundOrder } from '../domain/resolution.js';
import type { Transition } from '../domain/transition.js';
import { needsRead } from '../domain/transitions.js';
import type { CheckedResolution } from '../dto/resolution-input.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { AccountServices } from './account-services.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import { assertUnmodified, notResolvable } from './not-resolvable.js';

/** The dependencies of {@link FoundOrders}. */
export interface FoundOrdersParts {
  readonly deliveries: DeliveryTransactions;
  readonly services: Pick<AccountServices, 'whenKnown'>;
  readonly now: () => number;
}

/** Assigns orders that a person has found to deliveries. */
export class FoundOrders {
  constructor(private readonly parts: FoundOrdersParts) {}

  /**
   * Assigns an order to a delivery, after a read confirms that the order exists at Lalamove.
   *
   * @throws DeliveryConflictException if the order belongs to another delivery, or if there is nothing left to resolve
   * @throws LalamoveException if the order cannot be read
   */
  async adopt(
    record: DeliveryRecord,
    { orderId, by, since }: Extract<CheckedResolution, { orderId: string }>,
  ): Promise<void> {
    const { deliveries, services } = this.parts;
    const { id, account } = record;
    const service = await services.whenKnown(account);
    if (!service) throw new DeliveryConflictException('Its account is not known.', accountName(account));
    await service.getOrder(orderId);
    const { attempt, isNew } = await this.#attemptFor(record, orderId);
    await deliveries.transact(async (trx) => {
      if (isNew) await trx.storage.reserveAttempt(record, attempt, { total: '', currency: '' });
      const owner = await trx.storage.attemptOf(account, { orderId });
      if (owner && owner.deliveryId !== id) {
        throw new DeliveryConflictException(`The order ${orderId} belongs to another delivery.`, accountName(account));
      }
      await trx.change(id, (snapshot) => {
        assertUnmodified(snapshot, since);
        return decidedBy(this.#found(snapshot, { attempt, orderId, known: record.progress.attempt }), 'order', by);
      });
      await trx.change(id, needsRead);
    });
  }

  #found(
    snapshot: DeliveryRecord,
    { attempt, orderId, known }: { attempt: DeliveryAttempt; orderId: string; known: DeliveryAttempt | undefined },
  ): Transition {
    const { attempt: latest } = snapshot.progress;
    const isToBeFound = latest?.outcome === 'unknown' && latest.id === known?.id;
    if (snapshot.state !== 'needs_attention' && !isToBeFound) throw notResolvable(snapshot);
    return foundOrder(snapshot, attempt, orderId, this.parts.now());
  }

  /** Finds or creates the attempt of a found order. A known order keeps its attempt, so that its webhooks match. */
  async #attemptFor(record: DeliveryRecord, orderId: string): Promise<{ attempt: DeliveryAttempt; isNew: boolean }> {
    const { deliveries, now } = this.parts;
    const { account, progress } = record;
    const { attempt: known } = progress;
    const own = await deliveries.storage.attemptOf(account, { orderId });
    if (known && own?.deliveryId === record.id) {
      return { attempt: { ...known, id: own.id, outcome: 'unknown' }, isNew: false };
    }
    const latest = known && (await deliveries.storage.attemptOf(account, { attemptId: known.id }));
    // The order was placed elsewhere, for example by customer service. It gets a new attempt.
    if (!known || (latest?.orderId ?? orderId) !== orderId) {
      return { attempt: attemptFound(randomUUID(), known, now()), isNew: true };
    }
    return { attempt: { ...known, outcome: 'unknown' }, isNew: false };
  }
}
