import { decide, isWork, type Action } from '../domain/decide.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import { MAX_UNREAD } from '../domain/duplicates.js';
import { cloneAlreadyKnown, orderAlreadyKnown } from '../domain/known-order.js';
import { soughtSince } from '../domain/sought-orders.js';
import type { AttemptChange, Transition } from '../domain/transition.js';
import type { DeliveryEvent, NewDeliveryEvent } from '../events/delivery-event.js';
import { snapshotOf, type DeliveryRecord } from '../storage/delivery-record.js';
import type { StorageTransaction } from '../storage/storage.js';
import type { LeaseChange } from '../storage/stored-types.js';
import { readWebhook, type WebhookUpdate } from './webhook-updates.js';

/** A webhook may come before the order that it is about is known, and before the clock here says so. */
const UNMATCHED_MS = 15 * 60_000;

/** How many webhooks of one order are looked through for the next one. */
const WEBHOOKS_OF_AN_ORDER = 10;

/** What changes a delivery: pure, but for what it closes over. `undefined` leaves it as it is. */
export type Change = (record: DeliveryRecord) => Transition | undefined;

/** What a change has to do with the lease of its delivery. */
export interface LeaseTerms {
  /** The lease that it must have. */
  readonly token?: string;
  /** The lease that is given back with the change, if nothing is left to be done now. */
  readonly yields?: string;
}

/** A change has come too late: somebody else works on the delivery. */
export class LostLease extends Error {
  override readonly name = 'LostLease';

  constructor() {
    super('The lease of the delivery is somebody else’s.');
  }
}

/** A delivery and the next thing to be done with it. */
export interface Decided {
  readonly record: DeliveryRecord;
  readonly action: Action;
}

/** By what deliveries are changed. */
export interface DeliveryRules {
  readonly now: () => number;
  /** The policy that holds for a delivery. */
  readonly policyOf: (record: Pick<DeliveryRecord, 'request'>) => DeliveryPolicy;
  /** Whether there are handlers for events of a type. */
  readonly isWanted: (type: string) => boolean;
}

/**
 * Changes deliveries in one transaction of the storage. A change is: lock the delivery, carry the transition out with
 * its attempts and events, apply the webhooks that waited for an order that is known now, decide what is to be done
 * next, save.
 */
export class DeliveryTransaction {
  /** What has happened: it is announced once the transaction is committed. */
  readonly events: DeliveryEvent[] = [];

  constructor(
    readonly storage: StorageTransaction,
    private readonly rules: DeliveryRules,
  ) {}

  /** @returns whether it was inserted; `false` if its account has a delivery with the same reference */
  async insert(record: DeliveryRecord, events: readonly NewDeliveryEvent[]): Promise<boolean> {
    if (!(await this.storage.insert(record))) return false;
    await this.#addEvents(record, events, this.rules.now());
    return true;
  }

  /** @throws LostLease if the lease is not what it must be, or there is no such delivery */
  async change(id: string, change: Change, { token, yields }: LeaseTerms = {}): Promise<Decided> {
    const before = await this.storage.lock(id);
    if (!before || (token !== undefined && before.leaseToken !== token)) throw new LostLease();
    const record = await this.#changed(before, change(before));
    const action = await this.#decided(record);
    const isYielded = yields !== undefined && record.leaseToken === yields && !isWork(action);
    return this.#save(before, record, action, isYielded ? 'give back' : undefined);
  }

  /**
   * Takes the lease of a delivery that nobody works on, if there is something to be done with it.
   *
   * @param lease `ms`: how long it holds
   * @param begin what is written of the work at once
   * @returns the delivery, whose `leaseToken` is ours if there is work; `undefined` if somebody else works on it, or
   * there is none
   */
  async claim(
    id: string,
    lease: { readonly token: string; readonly ms: number },
    begin: (action: Action) => Change | undefined = () => undefined,
  ): Promise<Decided | undefined> {
    const before = await this.storage.lockFree(id);
    if (!before) return undefined;
    const action = await this.#decided(before);
    if (!isWork(action)) return this.#save(before, before, action, 'give back');
    const begun = await this.#changed(before, begin(action)?.(before));
    return this.#save(before, begun, action, lease);
  }

  /** Gives a lease back; `undefined` if it is somebody else's. */
  async release(id: string, token: string): Promise<Decided | undefined> {
    const before = await this.storage.lock(id);
    if (before?.leaseToken !== token) return undefined;
    return this.#save(before, before, await this.#decided(before), 'give back');
  }

  async #changed(before: DeliveryRecord, transition: Transition | undefined): Promise<DeliveryRecord> {
    if (!transition) return before;
    return this.#applyPending(before, await this.#carryOut(before, transition));
  }

  /** Applies the webhooks of orders that have become known; they may make further orders known. */
  async #applyPending(before: DeliveryRecord, after: DeliveryRecord): Promise<DeliveryRecord> {
    const known = new Set(ordersOf(before));
    let record = after;
    for (;;) {
      const found = ordersOf(record).find((orderId) => !known.has(orderId));
      if (found === undefined) return record;
      known.add(found);
      record = await this.#applyWebhooksOf(found, record);
    }
  }

  async #applyWebhooksOf(orderId: string, before: DeliveryRecord): Promise<DeliveryRecord> {
    const { now, policyOf } = this.rules;
    let record = before;
    for (const webhook of await this.storage.pendingWebhooks(before.account, orderId)) {
      const update = readable(webhook);
      // It goes on waiting, and the sweeper reports it: whose order it is must be stored all the same.
      if (!update) continue;
      record = await this.#carryOut(record, update.apply(record, policyOf(record), now()));
      await this.storage.markApplied(webhook.id, record.id, now());
    }
    return record;
  }

  /** Writes all of a transition but the delivery's own row, which is written by {@link #save}. */
  async #carryOut(before: DeliveryRecord, transition: Transition): Promise<DeliveryRecord> {
    const now = this.rules.now();
    const { state, progress, events, attempts = [], clone } = await this.#withoutKnownOrders(before, transition);
    const record: DeliveryRecord = { ...before, state, progress, version: before.version + 1, updatedAt: now };
    await this.storage.settleAttempts(attempts, now);
    if (clone) await this.storage.addClone(record, clone);
    await this.#addEvents(record, events, now);
    return record;
  }

  /** An order stays with the attempt that had it first, whatever else names it. */
  async #withoutKnownOrders(before: DeliveryRecord, transition: Transition): Promise<Transition> {
    const { attempts = [], clone } = transition;
    const { id, account } = before;
    const known = await this.#knownElsewhere(account, attempts);
    if (known) return orderAlreadyKnown(before, known.id, known.orderId);
    const owner = clone && (await this.storage.attemptOf(account, { orderId: clone.orderId }));
    return owner && owner.deliveryId !== id ? cloneAlreadyKnown(before, clone) : transition;
  }

  /** The change of an attempt that names an order which another attempt has already, if there is one. */
  async #knownElsewhere(
    account: string,
    attempts: readonly AttemptChange[],
  ): Promise<{ readonly id: string; readonly orderId: string } | undefined> {
    for (const { id, orderId } of attempts) {
      if (orderId === undefined) continue;
      const owner = await this.storage.attemptOf(account, { orderId });
      if (owner && owner.id !== id) return { id, orderId };
    }
    return undefined;
  }

  async #save(before: DeliveryRecord, after: DeliveryRecord, action: Action, lease?: LeaseChange): Promise<Decided> {
    const dueAt = dueOf(action, after, this.rules.now());
    return { record: await this.storage.save(before, { ...after, dueAt }, lease), action };
  }

  async #addEvents(record: DeliveryRecord, events: readonly NewDeliveryEvent[], at: number): Promise<void> {
    if (events.length === 0) return;
    const wanted = events.map((event) => ({ event, isWanted: this.rules.isWanted(event.type) }));
    this.events.push(...(await this.storage.addEvents(record, wanted, at)));
  }

  async #decided(record: DeliveryRecord): Promise<Action> {
    const { now, policyOf } = this.rules;
    const since = soughtSince(record, now());
    const unmatched = since === undefined ? [] : await this.#unmatchedOrders(record, since);
    return decide(snapshotOf(record, unmatched), policyOf(record), now());
  }

  /** Orders of unmatched webhooks of the account since then, which nobody has read yet. */
  async #unmatchedOrders({ account, progress }: DeliveryRecord, since: number): Promise<string[]> {
    const limit = MAX_UNREAD * WEBHOOKS_OF_AN_ORDER;
    const found = new Set(await this.storage.unidentifiedOrders(account, since - UNMATCHED_MS, limit));
    // Those that could not be read yet do not keep the others waiting.
    const failed = new Set(progress.unread?.map(({ orderId }) => orderId));
    const fresh = [...found].filter((orderId) => !failed.has(orderId));
    const again = [...found].filter((orderId) => failed.has(orderId));
    return [...fresh, ...again].slice(0, MAX_UNREAD);
  }
}

/** The live order of a delivery, and its duplicates. */
function ordersOf({ progress: { order, duplicates = [] } }: DeliveryRecord): string[] {
  return [...(order ? [order] : []), ...duplicates.map((duplicate) => duplicate.order)].map(({ orderId }) => orderId);
}

/** A stored webhook; `undefined` if its row cannot be read. */
function readable(row: { readonly id: number; readonly payload: string }): WebhookUpdate | undefined {
  try {
    return readWebhook(row);
  } catch {
    return undefined;
  }
}

/**
 * When a delivery is to be looked at again: Unix ms. Whole ones, as clocks tell them: a wake at a fraction of one would
 * come too early, again and again.
 */
function dueOf(action: Action, { dueAt }: DeliveryRecord, now: number): number | undefined {
  if (action.do === 'rest') return undefined;
  if (action.do === 'wait') return Math.ceil(action.until);
  // What has been waiting is waiting still.
  return dueAt !== undefined && dueAt <= now ? dueAt : now;
}
