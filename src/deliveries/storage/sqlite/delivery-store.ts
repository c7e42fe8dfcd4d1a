import { sql, type Kysely, type SqlBool } from 'kysely';
import { Subject } from 'rxjs';
import { isWellFormed } from '../../../internal/well-formed.js';
import type { DeliveryEvent, NewDeliveryEvent } from '../../events/delivery-event.js';
import { decide, isWork, type Action } from '../../domain/decide.js';
import { soughtSince } from '../../domain/sought-orders.js';
import { withPolicy } from '../../domain/policy-checks.js';
import type { DeliveryPolicy } from '../../domain/delivery-policy.js';
import { MAX_UNREAD } from '../../domain/duplicates.js';
import type { Transition } from '../../domain/transition.js';
import { cloneAlreadyKnown, orderAlreadyKnown } from '../../domain/known-order.js';
import { IS_READABLE, IS_UNIDENTIFIED, IS_WAITING, type DeliveriesSchema } from './deliveries-schema.js';
import { addClone, attemptOf, knownElsewhere, settleAttempts } from './attempt-rows.js';
import {
  changedColumns,
  deliveryEventOf,
  recordOf,
  rowOf,
  snapshotOf,
  type DeliveryRecord,
} from '../delivery-record.js';
import { GroupCommit, type DeliveriesTransaction } from './group-commit.js';
import { updateOf, type OrderUpdate } from '../webhook-updates.js';

/** A webhook may come before the order is known that it is about, and before the clock here says so. */
const STRANGER_MS = 15 * 60_000;

/** How many webhooks of one order are looked through for the next one. */
const WEBHOOKS_OF_AN_ORDER = 10;

/** Of a delivery that nobody works on. */
const UNLEASED = { leaseToken: undefined, leaseUntil: undefined } as const;

/** What changes a delivery: pure, but for what it closes over. `undefined` leaves it as it is. */
export type Change = (record: DeliveryRecord) => Transition | undefined;

/** What a change has to do with the lease of its delivery. */
export interface LeaseTerms {
  /** The lease that it must have. */
  readonly token?: string;
  /** The lease that is given back with the change, where nothing is left to be done now. */
  readonly yields?: string;
}

/** A change has come too late: somebody else works on the delivery. */
export class LostLease extends Error {
  override readonly name = 'LostLease';

  constructor() {
    super('The lease of the delivery is somebody else’s.');
  }
}

/** A delivery that is due, and since when, or at what time: Unix ms. */
export interface DueDelivery {
  readonly id: string;
  readonly dueAt: number;
}

/** A delivery and the next thing to be done with it. */
export interface Decided {
  readonly record: DeliveryRecord;
  readonly action: Action;
}

/** The truth about deliveries: every change is one transaction, with its events and the attempts that it settles. */
export class DeliveryStore {
  /** What has been committed. */
  readonly committed = new Subject<DeliveryEvent>();
  /** Whether there are handlers for events of a type; until that is known there may be. */
  wanted: (type: string) => boolean = () => true;
  readonly #commit: GroupCommit;

  constructor(
    readonly db: Kysely<DeliveriesSchema>,
    /** The policy of who says nothing. */
    readonly policy: DeliveryPolicy,
    private readonly now: () => number,
  ) {
    this.#commit = new GroupCommit(db);
  }

  /** A write that shares its commit with others. */
  write<T>(work: (trx: DeliveriesTransaction) => Promise<T>): Promise<T> {
    return this.#commit.write(work);
  }

  /** The policy that holds for a delivery. */
  policyOf({ request }: Pick<DeliveryRecord, 'request'>): DeliveryPolicy {
    return request?.policy ? withPolicy(this.policy, request.policy) : this.policy;
  }

  async find(
    account: string,
    reference: string,
    db: Kysely<DeliveriesSchema> = this.db,
  ): Promise<DeliveryRecord | undefined> {
    // In UTF-8 it would be another text, which may be somebody else's.
    if (!isWellFormed(account) || !isWellFormed(reference)) return undefined;
    const row = await db
      .selectFrom('deliveries')
      .selectAll()
      .where('account', '=', account)
      .where('reference', '=', reference)
      .executeTakeFirst();
    return row && recordOf(row);
  }

  async byId(id: string, db: Kysely<DeliveriesSchema> = this.db): Promise<DeliveryRecord | undefined> {
    const row = await db.selectFrom('deliveries').selectAll().where('id', '=', id).executeTakeFirst();
    return row && recordOf(row);
  }

  /** Takes a delivery in; `events` tell of it. Announce what is returned once that is committed. */
  async insert(
    record: DeliveryRecord,
    events: readonly NewDeliveryEvent[],
    trx: Kysely<DeliveriesSchema>,
  ): Promise<readonly DeliveryEvent[]> {
    await trx.insertInto('deliveries').values(rowOf(record)).execute();
    return this.#tell(trx, record, events);
  }

  /**
   * Changes a delivery, in a transaction of its own.
   *
   * @throws LostLease where the lease is not what it must be
   */
  async change(id: string, change: Change, lease: LeaseTerms = {}): Promise<Decided> {
    return this.transact((trx, told) => this.changeIn(trx, id, change, { ...lease, told }));
  }

  /** A write that shares its commit with others; what it has told is announced once that is committed. */
  async transact<T>(work: (trx: DeliveriesTransaction, told: DeliveryEvent[]) => Promise<T>): Promise<T> {
    const { result, told } = await this.write(async (trx) => {
      const events: DeliveryEvent[] = [];
      return { result: await work(trx, events), told: events };
    });
    this.announce(told);
    return result;
  }

  /** As {@link change}, within a transaction. Announce `told` once that is committed. */
  async changeIn(
    trx: DeliveriesTransaction,
    id: string,
    change: Change,
    { token, yields, told }: LeaseTerms & { told: DeliveryEvent[] },
  ): Promise<Decided> {
    const before = await this.byId(id, trx);
    if (!before || (token !== undefined && before.leaseToken !== token)) throw new LostLease();
    const record = await this.#changed(trx, before, change(before), told);
    const action = await this.#decided(trx, record);
    const isYielded = yields !== undefined && record.leaseToken === yields && !isWork(action);
    return this.#kept(trx, before, isYielded ? { ...record, ...UNLEASED } : record, action);
  }

  async #changed(
    trx: DeliveriesTransaction,
    before: DeliveryRecord,
    transition: Transition | undefined,
    told: DeliveryEvent[],
  ): Promise<DeliveryRecord> {
    if (!transition) return before;
    const record = await this.#transition(trx, before, transition, told);
    return this.#caughtUp(trx, before, record, told);
  }

  /** Applies the webhooks that arrived before their order was known; they may make further orders known. */
  async #caughtUp(
    trx: DeliveriesTransaction,
    before: DeliveryRecord,
    after: DeliveryRecord,
    told: DeliveryEvent[],
  ): Promise<DeliveryRecord> {
    const known = new Set(ordersOf(before));
    let record = after;
    for (;;) {
      const found = ordersOf(record).find((orderId) => !known.has(orderId));
      if (found === undefined) return record;
      known.add(found);
      record = await this.#catchUp(trx, record, found, told);
    }
  }

  /** Tells who watches. */
  announce(events: readonly DeliveryEvent[]): void {
    for (const event of events) this.committed.next(event);
  }

  /** What has come for an order before it was known whose it is: it takes effect now. */
  async #catchUp(
    trx: DeliveriesTransaction,
    before: DeliveryRecord,
    orderId: string,
    told: DeliveryEvent[],
  ): Promise<DeliveryRecord> {
    const waiting = await trx
      .selectFrom('delivery_events')
      .select(['id', 'payload'])
      .where(IS_WAITING)
      .where('account', '=', before.account)
      .where('order_id', '=', orderId)
      .orderBy('occurred_at')
      .orderBy('id')
      .execute();
    let record = before;
    for (const { id, payload } of waiting) {
      const update = readable({ id, payload });
      // It goes on waiting, and the sweeper says so: whose order it is must be kept all the same.
      if (!update) continue;
      const transition = update.apply(record, this.policyOf(record), this.now());
      record = await this.#transition(trx, record, transition, told);
      await this.markApplied(trx, id, record.id);
    }
    return record;
  }

  async markApplied(trx: DeliveriesTransaction, eventId: number, deliveryId: string | null): Promise<void> {
    await trx
      .updateTable('delivery_events')
      .set({ applied_at: this.now(), ...(deliveryId !== null && { delivery_id: deliveryId }) })
      .where('id', '=', eventId)
      .execute();
  }

  /** What becomes of a delivery; its own row is written by {@link #kept}. */
  async #transition(
    trx: DeliveriesTransaction,
    before: DeliveryRecord,
    transition: Transition,
    told: DeliveryEvent[],
  ): Promise<DeliveryRecord> {
    const now = this.now();
    const { state, progress, events, attempts = [], clone } = await this.#keepingOrders(trx, before, transition);
    const record: DeliveryRecord = { ...before, state, progress, version: before.version + 1, updatedAt: now };
    await settleAttempts(trx, attempts, now);
    if (clone) await addClone(trx, record, clone);
    told.push(...(await this.#tell(trx, record, events)));
    return record;
  }

  /** An order stays with the attempt that had it first, whatever else names it. */
  async #keepingOrders(
    trx: DeliveriesTransaction,
    before: DeliveryRecord,
    transition: Transition,
  ): Promise<Transition> {
    const { attempts = [], clone } = transition;
    const { id, account } = before;
    const known = await knownElsewhere(trx, account, attempts);
    if (known) return orderAlreadyKnown(before, known.id, known.orderId);
    const owner = clone && (await attemptOf(trx, account, { orderId: clone.orderId }));
    return owner && owner.delivery_id !== id ? cloneAlreadyKnown(before, clone) : transition;
  }

  /** Writes the row of a delivery, with when it is to be looked at again. */
  async #kept(
    trx: DeliveriesTransaction,
    before: DeliveryRecord,
    record: DeliveryRecord,
    action: Action,
  ): Promise<Decided> {
    const dueAt = dueOf(action, record, this.now());
    const after: DeliveryRecord = { ...record, dueAt };
    const columns = changedColumns(before, after);
    if (Object.keys(columns).length > 0) {
      await trx.updateTable('deliveries').set(columns).where('id', '=', record.id).execute();
    }
    return { record: after, action };
  }

  async #tell(
    trx: Kysely<DeliveriesSchema>,
    record: DeliveryRecord,
    events: readonly NewDeliveryEvent[],
  ): Promise<DeliveryEvent[]> {
    const now = this.now();
    const told: DeliveryEvent[] = [];
    for (const event of events) {
      const payload = JSON.stringify({ ...event, state: record.state });
      const isWanted = this.wanted(event.type);
      const { id } = await trx
        .insertInto('delivery_events')
        .values({
          delivery_id: record.id,
          account: record.account,
          source: 'delivery',
          type: event.type,
          occurred_at: now,
          received_at: now,
          payload,
          applied_at: now,
          dispatch: isWanted ? 'pending' : 'none',
          ...(isWanted && { next_try_at: now }),
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      told.push(deliveryEventOf({ id, payload, occurred_at: now }, record));
    }
    return told;
  }

  async #decided(trx: Kysely<DeliveriesSchema>, record: DeliveryRecord): Promise<Action> {
    const since = soughtSince(record, this.now());
    const unmatched = since === undefined ? [] : await this.#unmatched(trx, record, since);
    return decide(snapshotOf(record, unmatched), this.policyOf(record), this.now());
  }

  /** Orders of unmatched webhooks of the account since then, which nobody has read yet. */
  async #unmatched(
    trx: Kysely<DeliveriesSchema>,
    { account, progress }: DeliveryRecord,
    since: number,
  ): Promise<string[]> {
    const found = await trx
      .selectFrom('delivery_events')
      .select('order_id')
      .where(IS_UNIDENTIFIED)
      .where('account', '=', account)
      .where('received_at', '>=', since - STRANGER_MS)
      .orderBy('received_at')
      .orderBy('id')
      .limit(MAX_UNREAD * WEBHOOKS_OF_AN_ORDER)
      .execute();
    const orders = found.flatMap(({ order_id: orderId }) => (orderId === null ? [] : [orderId]));
    // Those that could not be read yet keep none of the others waiting.
    const failed = new Set(progress.unread?.map(({ orderId }) => orderId));
    const [fresh, again] = partition(new Set(orders), (orderId) => !failed.has(orderId));
    return [...fresh, ...again].slice(0, MAX_UNREAD);
  }

  /**
   * Takes the lease of a delivery that nobody works on, where there is something to be done with it.
   *
   * @param lease `ms`: how long it holds
   * @param begin what is written down of the work at once
   * @returns the delivery, whose `leaseToken` is ours where there is work; `undefined` where somebody else works on it, or there is none
   */
  async claim(
    id: string,
    { token, ms }: { token: string; ms: number },
    begin: (action: Action) => Change | undefined = () => undefined,
  ): Promise<Decided | undefined> {
    return this.transact(async (trx, told) => {
      const now = this.now();
      const before = await this.byId(id, trx);
      if (!before || (before.leaseUntil !== undefined && before.leaseUntil > now)) return undefined;
      const action = await this.#decided(trx, before);
      if (!isWork(action)) return this.#kept(trx, before, { ...before, ...UNLEASED }, action);
      const begun = await this.#changed(trx, before, begin(action)?.(before), told);
      return this.#kept(trx, before, { ...begun, leaseToken: token, leaseUntil: now + ms }, action);
    });
  }

  /** Gives a lease back, and says when the delivery is due again (Unix ms). */
  async release(id: string, token: string): Promise<number | undefined> {
    return this.write(async (trx) => {
      const before = await this.byId(id, trx);
      if (before?.leaseToken !== token) return undefined;
      const action = await this.#decided(trx, before);
      const { record } = await this.#kept(trx, before, { ...before, ...UNLEASED }, action);
      return record.dueAt;
    });
  }

  /** Gives a lease back, and puts off what is to be done; whoever knows that it can be done sooner wakes it. */
  async postpone(id: string, token: string, until: number): Promise<void> {
    await this.write((trx) =>
      trx
        .updateTable('deliveries')
        .set({ lease_token: null, lease_until: null, due_at: until })
        .where('id', '=', id)
        .where('lease_token', '=', token)
        .execute(),
    );
  }

  /**
   * Deliveries that nobody works on and that are due by then, the longest overdue first.
   *
   * @param by Unix ms
   * @param after the last one of the page before
   */
  async due(by: number, limit: number, after?: DueDelivery): Promise<DueDelivery[]> {
    let due = this.db
      .selectFrom('deliveries')
      .select(['id', 'due_at'])
      .where('due_at', '<=', by)
      .where(IS_READABLE)
      .where((where) => where.or([where('lease_until', 'is', null), where('lease_until', '<=', this.now())]));
    if (after) due = due.where(sql<SqlBool>`(due_at, id) > (${after.dueAt}, ${after.id})`);
    const rows = await due.orderBy('due_at').orderBy('id').limit(limit).execute();
    return rows.map(({ id, due_at: dueAt }) => ({ id, dueAt: dueAt ?? by }));
  }

  /** What a dead process has left: on a file that is ours alone every lease is. */
  async freeLeases(): Promise<void> {
    await this.write((trx) =>
      trx
        .updateTable('deliveries')
        .set({ lease_token: null, lease_until: null })
        .where('lease_token', 'is not', null)
        .execute(),
    );
  }
}

function partition<T>(all: Iterable<T>, isFirst: (one: T) => boolean): [T[], T[]] {
  const parts: [T[], T[]] = [[], []];
  for (const one of all) parts[isFirst(one) ? 0 : 1].push(one);
  return parts;
}

/** The live order of a delivery, and its duplicates. */
function ordersOf({ progress: { order, duplicates = [] } }: DeliveryRecord): string[] {
  return [...(order ? [order] : []), ...duplicates.map((duplicate) => duplicate.order)].map(({ orderId }) => orderId);
}

/** A stored webhook; `undefined` where its row is of another version. */
function readable(row: { id: number; payload: string }): OrderUpdate | undefined {
  try {
    return updateOf(row);
  } catch {
    return undefined;
  }
}

/** When a delivery is to be looked at again: Unix ms, whole ones, as clocks tell them, for a wake at a fraction of one would come too early, again and again. */
function dueOf(action: Action, { dueAt }: DeliveryRecord, now: number): number | undefined {
  if (action.do === 'rest') return undefined;
  if (action.do === 'wait') return Math.ceil(action.until);
  // What has been waiting is waiting still.
  return dueAt !== undefined && dueAt <= now ? dueAt : now;
}
