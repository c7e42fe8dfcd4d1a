import { Subject } from 'rxjs';
import type { Action } from '../domain/decide.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import { withPolicy } from '../domain/policy-checks.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import {
  DeliveryTransaction,
  type Change,
  type CommittedEvent,
  type Decided,
  type DeliveryRules,
  type LeaseTerms,
} from './delivery-transaction.js';

/** The dependencies of {@link DeliveryTransactions}. */
export interface DeliveryTransactionsParts {
  readonly storage: DeliveriesStorage;
  /** The default policy. The policy of a delivery overrides it. */
  readonly policy: DeliveryPolicy;
  readonly now: () => number;
}

/** Runs the transactions that change deliveries, and publishes their events after the commit. */
export class DeliveryTransactions {
  /** Events that this process has committed. */
  readonly committed = new Subject<CommittedEvent>();
  /** Whether events of a type have handlers; `true` until the handlers are known. */
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

  /** The effective policy of a delivery. */
  policyOf({ request }: Pick<DeliveryRecord, 'request'>): DeliveryPolicy {
    return request?.policy ? withPolicy(this.policy, request.policy) : this.policy;
  }

  /**
   * Runs `work` in a transaction, and publishes its events after the commit.
   *
   * @param work may run more than once: see `DeliveriesStorage.transact`
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
   * Runs `work` in the host's transaction. No event is published, because only the host knows whether it commits.
   *
   * @throws InvalidDeliveryException if `hostTransaction` is not an open transaction on this database
   */
  async join<T>(hostTransaction: unknown, work: (trx: DeliveryTransaction) => Promise<T>): Promise<T> {
    return this.storage.join(hostTransaction, (storage) => work(new DeliveryTransaction(storage, this.#rules)));
  }

  /** Like {@link DeliveryTransaction.change}, in a new transaction. */
  change(id: string, change: Change, lease?: LeaseTerms): Promise<Decided> {
    return this.transact((trx) => trx.change(id, change, lease));
  }

  /** Like {@link DeliveryTransaction.claim}, in a new transaction. */
  claim(
    id: string,
    lease: { readonly token: string; readonly ms: number },
    begin?: (action: Action) => Change | undefined,
  ): Promise<Decided | undefined> {
    return this.transact((trx) => trx.claim(id, lease, begin));
  }

  /** Releases a lease, and returns the next due time of the delivery in Unix ms. */
  async release(id: string, token: string): Promise<number | undefined> {
    const released = await this.transact((trx) => trx.release(id, token));
    return released?.record.dueAt;
  }
}
