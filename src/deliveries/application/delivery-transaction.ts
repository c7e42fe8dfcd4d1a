import { decide, isWork, type Action } from '../domain/decide.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import { isTerminal } from '../domain/delivery-progress.js';
import { MAX_UNREAD } from '../domain/duplicates.js';
import { cloneAlreadyKnown, orderAlreadyKnown } from '../domain/known-order.js';
import { searchSince } from '../domain/order-search.js';
import { decidedAfterRestore } from '../domain/restored-delivery.js';
import type { AttemptChange, Transition } from '../domain/transition.js';
import type { DeliveryEvent, NewDeliveryEvent } from '../events/delivery-event.js';
import { snapshotOf, type DeliveryRecord } from '../storage/delivery-record.js';
import type { StorageTransaction } from '../storage/storage.js';
import type { LeaseChange } from '../storage/stored-types.js';
import { readWebhook, type WebhookUpdate } from './webhook-updates.js';

/** In ms. A webhook may arrive this long before its order is known. The value also allows for clock differences. */
const UNMATCHED_MS = 15 * 60_000;

/** The assumed maximum number of webhooks per order, for the limit of the query. */
const WEBHOOKS_OF_AN_ORDER = 10;

/** The request that replaces the one of a delivery. */
export type CorrectedRequest = Pick<DeliveryRecord, 'request' | 'scheduleAt'>;

/** A transition, with the corrected request if a person has corrected it. */
export type ChangedDelivery = Transition & { readonly correction?: CorrectedRequest };

/** A function that changes a delivery. It has no side effects. `undefined` leaves the delivery unchanged. */
export type Change = (record: DeliveryRecord) => ChangedDelivery | undefined;

/** The lease conditions of a change. */
export interface LeaseTerms {
  /** The token of the lease that the delivery must have. */
  readonly token?: string;
  /** Renews the lease `token` for this time, in ms. */
  readonly renewMs?: number;
  /** The token of the lease that the change releases if there is nothing left to do now. */
  readonly yields?: string;
}

/** The change is rejected, because another worker holds the lease of the delivery. */
export class LostLease extends Error {
  override readonly name = 'LostLease';

  constructor() {
    super('Another worker holds the lease of the delivery.');
  }
}

/** A committed event of a delivery. */
export interface CommittedEvent {
  readonly deliveryId: string;
  readonly event: DeliveryEvent;
}

/** A delivery and its next action. */
export interface Decided {
  readonly record: DeliveryRecord;
  readonly action: Action;
}

/** The rules for changes of deliveries. */
export interface DeliveryRules {
  readonly now: () => number;
  /** Returns the effective policy of a delivery. */
  readonly policyOf: (record: Pick<DeliveryRecord, 'request'>) => DeliveryPolicy;
  /** Whether events of a type have handlers. */
  readonly isWanted: (type: string) => boolean;
}

/**
 * Changes deliveries in one storage transaction. Each change locks the delivery, executes the transition with its
 * attempts and events, applies the webhooks that waited for an order that is now known, decides the next action, and
 * saves the delivery.
 */
export class DeliveryTransaction {
  /** The events of the transaction. They are published after the commit. */
  readonly events: CommittedEvent[] = [];

  constructor(
    readonly storage: StorageTransaction,
    private readonly rules: DeliveryRules,
  ) {}

  /** @returns whether the delivery was inserted; `false` if its account has a delivery with the same reference */
  async insert(record: DeliveryRecord, events: readonly NewDeliveryEvent[]): Promise<boolean> {
    if (!(await this.storage.insert(record))) return false;
    await this.#addEvents(record, events, this.rules.now());
    return true;
  }

  /** @throws LostLease if the delivery does not have the lease `token`, or does not exist */
  async change(id: string, change: Change, { token, renewMs, yields }: LeaseTerms = {}): Promise<Decided> {
    const before = await this.storage.lock(id);
    if (!before || (token !== undefined && before.leaseToken !== token)) throw new LostLease();
    const record = await this.#changed(before, change(before));
    const action = await this.#decided(record);
    const isYielded = yields !== undefined && record.leaseToken === yields && !isWork(action);
    const renewal = token !== undefined && renewMs !== undefined ? { token, ms: renewMs } : undefined;
    return this.#save(before, record, action, isYielded ? 'release' : renewal);
  }

  /**
   * Takes the lease of a delivery that no worker holds, if the delivery has an action to run now.
   *
   * @param lease `ms` is the duration of the lease
   * @param begin returns a change that is saved together with the lease
   * @returns the delivery, with our `leaseToken` if there is work; `undefined` if another worker holds the lease or the
   * delivery does not exist
   */
  async claim(
    id: string,
    lease: { readonly token: string; readonly ms: number },
    begin: (action: Action) => Change | undefined = () => undefined,
  ): Promise<Decided | undefined> {
    const before = await this.storage.lockFree(id);
    if (!before) return undefined;
    const action = await this.#decided(before);
    if (!isWork(action)) return this.#save(before, before, action, 'release');
    const begun = await this.#changed(before, begin(action)?.(before));
    return this.#save(before, begun, action, lease);
  }

  /** Releases a lease. It returns `undefined` if another worker holds the lease. */
  async release(id: string, token: string): Promise<Decided | undefined> {
    const before = await this.storage.lock(id);
    if (before?.leaseToken !== token) return undefined;
    return this.#save(before, before, await this.#decided(before), 'release');
  }

  async #changed(before: DeliveryRecord, transition: ChangedDelivery | undefined): Promise<DeliveryRecord> {
    if (!transition) return before;
    return this.#applyPending(before, await this.#carryOut({ ...before, ...transition.correction }, transition));
  }

  /** Applies the waiting webhooks of orders that are now known. These webhooks may make more orders known. */
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
      // An unreadable webhook keeps waiting, and the sweeper reports it. The order must be stored anyway.
      if (!update) continue;
      record = await this.#carryOut(record, update.apply(record, policyOf(record), now()));
      await this.storage.markApplied(webhook.id, record.id, now());
    }
    return record;
  }

  /** Writes a transition, except the row of the delivery, which {@link #save} writes. */
  async #carryOut(before: DeliveryRecord, transition: Transition): Promise<DeliveryRecord> {
    const now = this.rules.now();
    const known = await this.#withoutKnownOrders(before, transition);
    // What has ended spends nothing any more.
    const settled = isTerminal(known.state) ? decidedAfterRestore(known) : known;
    const { state, progress, events, attempts = [], clone } = settled;
    const record: DeliveryRecord = { ...before, state, progress, version: before.version + 1, updatedAt: now };
    await this.storage.settleAttempts(attempts, now);
    if (clone) await this.storage.addClone(record, clone);
    await this.#addEvents(record, events, now);
    return record;
  }

  /** Replaces a transition that would assign an order to a second owner. An order stays with its first attempt. */
  async #withoutKnownOrders(before: DeliveryRecord, transition: Transition): Promise<Transition> {
    const { attempts = [], clone } = transition;
    const { id, account } = before;
    const known = await this.#knownElsewhere(account, attempts);
    if (known) return orderAlreadyKnown(before, known.id, known.orderId);
    const owner = clone && (await this.storage.attemptOf(account, { orderId: clone.orderId }));
    return owner && owner.deliveryId !== id ? cloneAlreadyKnown(before, clone) : transition;
  }

  /** The first change that names an order of another attempt, if there is one. */
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
    const added = await this.storage.addEvents(record, wanted, at);
    this.events.push(...added.map((event) => ({ deliveryId: record.id, event })));
  }

  async #decided(record: DeliveryRecord): Promise<Action> {
    const { now, policyOf } = this.rules;
    const since = searchSince(record, now());
    const unmatched = since === undefined ? [] : await this.#unmatchedOrders(record, since);
    return decide(snapshotOf(record, unmatched), policyOf(record), now());
  }

  /** The orders of the account's unmatched webhooks since this time that are not identified yet. */
  async #unmatchedOrders({ account, progress }: DeliveryRecord, since: number): Promise<string[]> {
    const limit = MAX_UNREAD * WEBHOOKS_OF_AN_ORDER;
    const found = new Set(await this.storage.unidentifiedOrders(account, since - UNMATCHED_MS, limit));
    // Orders that could not be read come last, so that they do not delay the others.
    const failed = new Set(progress.unread?.map(({ orderId }) => orderId));
    const fresh = [...found].filter((orderId) => !failed.has(orderId));
    const again = [...found].filter((orderId) => failed.has(orderId));
    return [...fresh, ...again].slice(0, MAX_UNREAD);
  }
}

/** The ids of the live order of a delivery and of its duplicates. */
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
 * The next due time of a delivery, in Unix ms. It is rounded up, because clocks return whole milliseconds: a wake at a
 * fraction of a millisecond would be too early, again and again.
 */
function dueOf(action: Action, { dueAt }: DeliveryRecord, now: number): number | undefined {
  if (action.do === 'rest') return undefined;
  if (action.do === 'wait') return Math.ceil(action.until);
  // An overdue delivery keeps its due time.
  return dueAt !== undefined && dueAt <= now ? dueAt : now;
}
