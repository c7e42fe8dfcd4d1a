import { Subject } from 'rxjs';
import type { Action } from '../domain/decide.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import { withPolicy } from '../domain/policy-checks.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import {
  DeliveryTransaction,
  type Change,
  type Decided,
  type DeliveryRules,
  type LeaseTerms,
} from './delivery-transaction.js';

/** What deliveries are changed with. */
export interface DeliveryTransactionsParts {
  readonly storage: DeliveriesStorage;
  /** The policy of a delivery that has none of its own. */
  readonly policy: DeliveryPolicy;
  readonly now: () => number;
}

/** Runs the transactions that change deliveries, and announces what they have committed. */
export class DeliveryTransactions {
  /** Events that this process has committed. */
  readonly committed = new Subject<DeliveryEvent>();
  /** Whether there are handlers for events of a type; until that is known there may be. */
  isWanted: (type: string) => boolean = () => true;
  readonly storage: DeliveriesStorage;
  readonly policy: DeliveryPolicy;
  readonly #rules: DeliveryRules;

  constructor({ storage, policy, now }: DeliveryTransactionsParts) {
    this.storage = storage;
    this.policy = policy;
    this.#rules = {
      now,
      policyOf: (record) => this.policyOf(record),
      isWanted: (type) => this.isWanted(type),
    };
  }

  /** The policy that holds for a delivery. */
  policyOf({ request }: Pick<DeliveryRecord, 'request'>): DeliveryPolicy {
    return request?.policy ? withPolicy(this.policy, request.policy) : this.policy;
  }

  /**
   * Runs `work` in a transaction, and announces its events once that is committed.
   *
   * @param work may be run again: see `DeliveriesStorage.transact`
   */
  async transact<T>(work: (trx: DeliveryTransaction) => Promise<T>): Promise<T> {
    const { result, events } = await this.storage.transact(async (storage) => {
      const trx = new DeliveryTransaction(storage, this.#rules);
      return { result: await work(trx), events: trx.events };
    });
    for (const event of events) this.committed.next(event);
    return result;
  }

  /**
   * Runs `work` in the host's transaction. Nothing is announced: whether it is committed, the host alone knows.
   *
   * @throws InvalidDeliveryException if it is no open transaction on this database
   */
  async join<T>(hostTransaction: unknown, work: (trx: DeliveryTransaction) => Promise<T>): Promise<T> {
    return work(new DeliveryTransaction(await this.storage.join(hostTransaction), this.#rules));
  }

  /** As {@link DeliveryTransaction.change}, in a transaction of its own. */
  change(id: string, change: Change, lease?: LeaseTerms): Promise<Decided> {
    return this.transact((trx) => trx.change(id, change, lease));
  }

  /** As {@link DeliveryTransaction.claim}, in a transaction of its own. */
  claim(
    id: string,
    lease: { readonly token: string; readonly ms: number },
    begin?: (action: Action) => Change | undefined,
  ): Promise<Decided | undefined> {
    return this.transact((trx) => trx.claim(id, lease, begin));
  }

  /** Gives a lease back, and says when the delivery is due again: Unix ms. */
  async release(id: string, token: string): Promise<number | undefined> {
    const released = await this.transact((trx) => trx.release(id, token));
    return released?.record.dueAt;
  }
}
