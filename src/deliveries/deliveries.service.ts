import { createHash, randomUUID } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import { filter, Observable, takeWhile } from 'rxjs';
import { captureContext } from '../internal/async-context.js';
import { fieldErrors, type FieldError } from '../api/requests/field-errors.js';
import { sentInput, sentJson } from '../api/requests/sent-input.js';
import { zonedTime } from '../api/requests/sent-time.js';
import { isRecord } from '../internal/is-record.js';
import type { DeliveriesEngine } from './deliveries.engine.js';
import {
  DeliveryConflictException,
  DeliveryNotFoundException,
  InvalidDeliveryException,
} from './delivery.exceptions.js';
import { BookDeliveryDto, type ResolveDelivery } from './dto/book-delivery.dto.js';
import { bookingTextErrors } from './dto/booking-text.js';
import { deliveryKey, listQuery, optionsOf, type DeliveryKey } from './dto/method-inputs.js';
import { uncopyableMembers } from './dto/uncopyable-members.js';
import type { DeliveryEvent } from './events/delivery-event.js';
import { isAmount } from './domain/money.js';
import { cancelAsked, canceled } from './domain/cancellation.js';
import { isTerminal, newProgress, type DeliveryAttempt, type DeliveryState } from './domain/delivery-progress.js';
import { adopted, becameDuplicate, isLive, orderOnItsWay, withDuplicates } from './domain/adoption.js';
import { duplicateOf } from './domain/duplicates.js';
import type { Transition } from './domain/transition.js';
import { abandoned, needsRead, placed } from './domain/transitions.js';
import { lostWith } from './domain/lost-attempts.js';
import type { DeliveryPolicy } from './domain/delivery-policy.js';
import { policyProblems } from './domain/policy-checks.js';
import { attemptOf, reserveAttempt } from './storage/sqlite/attempt-rows.js';
import type { DeliveriesSchema, DeliveriesTable, DeliveryEventsTable } from './storage/sqlite/deliveries-schema.js';
import { eraseDelivery } from './storage/sqlite/erase-delivery.js';
import {
  deliveryEventOf,
  deliveryOf,
  recordOf,
  type BookedRequest,
  type Delivery,
  type DeliveryRecord,
} from './storage/delivery-record.js';

/** Which account a reference is of. */
export interface DeliveryAccount {
  /** Left out for the default account. */
  account?: string;
}

/** A list of deliveries, the oldest first. */
export interface DeliveryPage {
  readonly deliveries: readonly Delivery[];
  /** For the next page; `undefined` on the last one. */
  readonly cursor: string | undefined;
  /** Deliveries of this page whose rows cannot be read: `get` says what is wrong with one, and what to do. */
  readonly unreadable: readonly { readonly reference: string; readonly account: string | undefined }[];
}

/**
 * A line of a delivery's timeline: an event of ours, a webhook of Lalamove's that has taken its effect, or an event
 * of ours whose row cannot be read.
 */
export type TimelineEntry =
  | { readonly source: 'delivery'; readonly at: string; readonly event: DeliveryEvent }
  | {
      readonly source: 'webhook';
      readonly at: string;
      readonly eventType: string;
      readonly receivedAt: string;
      readonly orderId: string | undefined;
    }
  | { readonly source: 'unreadable'; readonly at: string; readonly eventType: string; readonly eventId: number };

/** What `metrics` counts. */
export interface DeliveriesMetrics {
  readonly byState: Readonly<Record<DeliveryState, number>>;
  /** How long the oldest due delivery has been waiting for a worker, in ms; 0 where none is. */
  readonly lagMs: number;
  /** Attempts of which nobody knows whether they were carried out. */
  readonly unknownAttempts: number;
  /** Webhooks of orders that nobody here knows yet. */
  readonly unmatched: number;
  /** Webhooks that were set aside, for nobody here has ever known their order. */
  readonly setAsideUnmatched: number;
  /** Events that wait for their handlers, and those that were set aside. */
  readonly pendingEvents: number;
  readonly setAsideEvents: number;
  /** Rows of deliveries and of events that cannot be read: damaged, or of another version. The log has told of each. */
  readonly unreadable: number;
}

/**
 * Sees deliveries through: books once, follows, mends. Inject it anywhere.
 *
 * Every method throws a `LalamoveException` (`InvalidDeliveryException` 422, `DeliveryNotFoundException` 404, `DeliveryConflictException` 409,
 * `DeliveriesStoreException` 503), which the exception filter answers.
 */
export class DeliveriesService {
  // Truly private: no log shows the database.
  readonly #engine: DeliveriesEngine;

  /** Made by `DeliveriesModule`. */
  constructor(engine: DeliveriesEngine) {
    this.#engine = engine;
  }

  /** The database, for the host's own transactions: what is booked with `{ trx }` is committed, or vanishes, with the host's own rows. */
  get database(): Kysely<DeliveriesSchema> {
    return this.#engine.store.db;
  }

  /**
   * Takes a delivery in, and returns as soon as that is committed; it is booked right after. The same reference asked for again gives the delivery that there is,
   * whatever has become of it: call it twice, ten times at once, across a crash, and there is one courier.
   *
   * @param options `trx`: a Kysely transaction on {@link database}, with which it is committed
   * @throws InvalidDeliveryException with a pointer a fault; `/trx` for what is no open transaction on {@link database}
   * @throws DeliveryConflictException where the reference was used for a different request
   */
  async book(input: BookDeliveryDto, options: { trx?: Kysely<DeliveriesSchema> } = {}): Promise<Delivery> {
    const { store, now, wake, wakeSoon } = this.#engine;
    const asked = checkedInput(input, store.policy);
    const { account, reference } = asked;
    const given = optionsOf(options).trx ?? undefined;
    const own = given === undefined ? undefined : await this.#engine.transactionOf(given);
    const take = async (
      trx: Kysely<DeliveriesSchema>,
    ): Promise<{ record: DeliveryRecord; told?: readonly DeliveryEvent[] }> => {
      const known = await store.find(account, reference, trx);
      if (known) return { record: known };
      const at = now();
      const record: DeliveryRecord = {
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
      return { record, told: await store.insert(record, [{ type: 'requested' }], trx) };
    };
    const { record, told: requested } = own ? await take(own) : await store.write(take);
    if (!isSameRequest(record, asked)) {
      const told = `The reference ${JSON.stringify(reference)} was used for a different delivery: use another, or ask for the very same.`;
      throw new DeliveryConflictException(told, accountName(account));
    }
    // Whether the host's transaction is committed, only the sweeper can tell.
    if (requested && own) wakeSoon(record.id);
    else if (requested) {
      store.announce(requested);
      wake(record.id);
    }
    return deliveryOf(record);
  }

  /** The delivery of a reference, or `null`. */
  async find(reference: string, options: DeliveryAccount = {}): Promise<Delivery | null> {
    const record = await this.#found(deliveryKey(reference, options));
    return record ? deliveryOf(record) : null;
  }

  /** @throws DeliveryNotFoundException */
  async get(reference: string, options: DeliveryAccount = {}): Promise<Delivery> {
    return deliveryOf(await this.#record(reference, options));
  }

  /**
   * Asks for a delivery not to be carried out. What cannot be cancelled at once, for its order is just being placed or nobody knows whether it was, is cancelled as soon
   * as it can be. Lalamove may refuse: then the delivery goes on, and `cancellation` says `refused`. Asking again changes nothing.
   *
   * @returns the delivery once the cancellation has been tried, or kept
   * @throws DeliveryNotFoundException
   * @throws DeliveryConflictException where it has been completed, or has failed
   */
  async cancel(reference: string, options: DeliveryAccount = {}): Promise<Delivery> {
    const { store, now, advance } = this.#engine;
    const { id, account } = await this.#record(reference, options);
    const { record } = await store.change(id, (snapshot) => {
      if (snapshot.state === 'completed' || snapshot.state === 'failed') {
        const told = `The delivery ${JSON.stringify(reference)} has ended as ${snapshot.state}: there is nothing to cancel.`;
        throw new DeliveryConflictException(told, accountName(account));
      }
      return cancelAsked(snapshot, now());
    });
    if (record.state === 'canceled') return deliveryOf(record);
    await advance(id);
    return this.get(reference, options);
  }

  /**
   * Says what a person has found out of a delivery that needs attention. The order of an attempt of unknown outcome may be named before it does.
   *
   * @throws DeliveryConflictException where there is nothing to be resolved, the order belongs to another delivery, or its own may be on its way still
   * @throws LalamoveException where the order cannot be read
   */
  async resolve(reference: string, resolution: ResolveDelivery, options: DeliveryAccount = {}): Promise<Delivery> {
    const { store, now, wake } = this.#engine;
    const given = checkedResolution(resolution);
    const record = await this.#record(reference, options);
    const isToBeFound = 'orderId' in given && record.progress.attempt?.outcome === 'unknown';
    if (record.state !== 'needs_attention' && !isToBeFound) throw this.#notInNeed(record);
    if ('orderId' in given) await this.#adopt(record, given.orderId);
    else {
      await store.change(record.id, (snapshot) => {
        if (snapshot.state !== 'needs_attention') throw this.#notInNeed(snapshot);
        const alive = orderOnItsWay(snapshot.progress);
        if (alive) {
          const told = `Its order ${alive.orderId} may be on its way: cancel it, or resolve({ orderId }) with it.`;
          throw new DeliveryConflictException(told, accountName(snapshot.account));
        }
        return resolvedWithoutOrder(snapshot, given, now());
      });
    }
    wake(record.id);
    return this.get(reference, options);
  }

  /**
   * Lists deliveries, the oldest first.
   *
   * @param query `state` and `account` narrow it; `cursor` of the page before; `limit` up to 1000, 100 by default
   * @throws InvalidDeliveryException where one of these cannot be used
   */
  async list(
    query: { state?: DeliveryState; account?: string; cursor?: string; limit?: number } = {},
  ): Promise<DeliveryPage> {
    const { state, account, after, limit: size } = listQuery(query);
    let rows = this.#engine.store.db.selectFrom('deliveries').selectAll();
    if (state !== undefined) rows = rows.where('state', '=', state);
    if (account !== undefined) rows = rows.where('account', '=', account);
    if (after) {
      rows = rows.where((where) =>
        where.or([
          where('created_at', '>', after.createdAt),
          where.and([where('created_at', '=', after.createdAt), where('id', '>', after.id)]),
        ]),
      );
    }
    const found = await rows
      .orderBy('created_at')
      .orderBy('id')
      .limit(size + 1)
      .execute();
    const page = found.slice(0, size);
    const last = page.at(-1);
    const next = found.length > size && last ? `${last.created_at}.${last.id}` : undefined;
    return { ...(await this.#read(page)), cursor: next };
  }

  /**
   * All that has happened to a delivery, in the order in which it was written: its own events, and Lalamove's webhooks.
   *
   * @throws DeliveryNotFoundException
   */
  async timeline(reference: string, options: DeliveryAccount = {}): Promise<readonly TimelineEntry[]> {
    const record = await this.#record(reference, options);
    const rows = await this.#engine.store.db
      .selectFrom('delivery_events')
      .selectAll()
      .where('delivery_id', '=', record.id)
      .orderBy('id')
      .execute();
    const lines: TimelineEntry[] = [];
    for (const row of rows) lines.push(await this.#lineOf(row, record));
    return lines;
  }

  /**
   * The events of a delivery as they are committed by this process, from now on; ends with the delivery. Errors with `DeliveryNotFoundException`.
   */
  watch(reference: string, options: DeliveryAccount = {}): Observable<DeliveryEvent> {
    return new Observable((subscriber) => {
      // Who commits an event is another.
      const run = captureContext();
      // What it throws, the subscriber gets.
      const key = deliveryKey(reference, options);
      const isOurs = (event: DeliveryEvent): boolean =>
        event.reference === key.reference && (event.account ?? '') === key.account;
      const subscription = this.#engine.store.committed
        .pipe(
          filter(isOurs),
          // By its type: what comes with an end, a driver say, is in the end's state too.
          takeWhile(({ type }) => !ENDS.has(type), true),
        )
        .subscribe({
          next: (event) => {
            run(() => {
              subscriber.next(event);
            });
          },
          complete: () => {
            run(() => {
              subscriber.complete();
            });
          },
        });
      this.get(reference, options).then(
        ({ state }) => {
          if (isTerminal(state)) subscriber.complete();
        },
        (error: unknown) => {
          subscriber.error(error);
        },
      );
      return () => {
        subscription.unsubscribe();
      };
    });
  }

  /**
   * Erases names, phones, addresses and remarks of a delivery that has ended, in what was asked for and in what webhooks have told. What was placed, when and for how much
   * stays, and so does the reference. Webhooks that were set aside are erased, too.
   *
   * @throws DeliveryNotFoundException
   * @throws DeliveryConflictException while it is under way, or while webhooks of it wait for their handlers
   */
  async forget(reference: string, options: DeliveryAccount = {}): Promise<void> {
    const { id, account } = await this.#record(reference, options);
    const erasure = await this.#engine.store.write((trx) => eraseDelivery(trx, id));
    if (erasure.isErased) return;
    const why =
      'state' in erasure
        ? `is ${erasure.state}: only what has ended can be forgotten.`
        : `has ${erasure.waiting} webhooks that still wait for their handlers, which would get nothing of them. Try again once they have had them; ` +
          'if they keep failing, the log says why: after 10 tries a webhook is set aside, and can be forgotten.';
    throw new DeliveryConflictException(`The delivery ${JSON.stringify(reference)} ${why}`, accountName(account));
  }

  /** Counts, for dashboards and alarms. */
  async metrics(): Promise<DeliveriesMetrics> {
    return this.#engine.metrics();
  }

  /**
   * Copies the database to a new file, whole as of one moment, while deliveries are worked on. The copy is a database
   * of deliveries.
   *
   * @param path of the copy; its folders are made
   * @throws DeliveriesStoreException if there is such a file, or it cannot be written; nothing is left of it then
   */
  async backup(path: string): Promise<void> {
    await this.#engine.backup(path);
  }

  async #record(reference: unknown, options: unknown): Promise<DeliveryRecord> {
    const key = deliveryKey(reference, options);
    const record = await this.#found(key);
    if (!record) throw new DeliveryNotFoundException(key.reference, accountName(key.account));
    return record;
  }

  #found({ account, reference }: DeliveryKey): Promise<DeliveryRecord | undefined> {
    return this.#engine.store.find(account, reference).catch((error: unknown) => this.#refused(error));
  }

  /** What can be read of a page. */
  async #read(page: readonly Selectable<DeliveriesTable>[]): Promise<Pick<DeliveryPage, 'deliveries' | 'unreadable'>> {
    const deliveries: Delivery[] = [];
    const unreadable: DeliveryPage['unreadable'][number][] = [];
    for (const row of page) {
      try {
        deliveries.push(deliveryOf(recordOf(row)));
      } catch (error) {
        if (!(await this.#engine.unreadable.found(error))) throw error;
        unreadable.push({ reference: row.reference, account: accountName(row.account) });
      }
    }
    return { deliveries, unreadable };
  }

  async #lineOf(
    row: Selectable<DeliveryEventsTable>,
    record: Pick<DeliveryRecord, 'reference' | 'account'>,
  ): Promise<TimelineEntry> {
    const at = isoOf(row.occurred_at);
    try {
      if (row.source === 'delivery') return { source: 'delivery', at, event: deliveryEventOf(row, record) };
      const orderId = row.order_id ?? undefined;
      return { source: 'webhook', at, eventType: row.type, receivedAt: isoOf(row.received_at), orderId };
    } catch (error) {
      if (!(await this.#engine.unreadable.found(error))) throw error;
      return { source: 'unreadable', at, eventType: row.type, eventId: row.id };
    }
  }

  /** @throws the error, which was reported where it is about a row that cannot be read */
  async #refused(error: unknown): Promise<never> {
    await this.#engine.unreadable.found(error);
    throw error;
  }

  #notInNeed({ reference, state, account, dueAt, progress }: DeliveryRecord): DeliveryConflictException {
    const isUnknown = progress.attempt?.outcome === 'unknown' && dueAt !== undefined;
    const when = isUnknown
      ? ` Until ${new Date(dueAt).toISOString()} its order may turn up by itself, or be named by resolve({ orderId }).`
      : '';
    const alive = orderOnItsWay(progress);
    const order = alive ? ` Its order ${alive.orderId} may be on its way: cancel() asks for its end.` : '';
    const told =
      `The delivery ${JSON.stringify(reference)} is ${state}: ` +
      `only what needs attention can be resolved.${order}${when}`;
    return new DeliveryConflictException(told, accountName(account));
  }

  /** The attempt of an order that a person has found: an order keeps its attempt, so that its webhooks find it. */
  async #attemptFor(record: DeliveryRecord, orderId: string): Promise<{ attempt: DeliveryAttempt; isNew: boolean }> {
    const { store, now } = this.#engine;
    const { account, progress } = record;
    const { attempt: known } = progress;
    const own = await attemptOf(store.db, account, { orderId });
    if (known && own?.delivery_id === record.id) {
      return { attempt: { ...known, id: own.id, outcome: 'unknown' }, isNew: false };
    }
    const latest = known && (await attemptOf(store.db, account, { attemptId: known.id }));
    // Somebody else has placed it, customer service say: that is an attempt, too.
    if (!known || (latest?.order_id ?? orderId) !== orderId)
      return { attempt: attemptFound(known, now()), isNew: true };
    return { attempt: { ...known, outcome: 'unknown' }, isNew: false };
  }

  async #adopt(record: DeliveryRecord, orderId: string): Promise<void> {
    const { store, services, now } = this.#engine;
    const service = await services.whenKnown(record.account);
    if (!service) throw new DeliveryConflictException('Its account is not known.', accountName(record.account));
    await service.getOrder(orderId);
    const { attempt: known } = record.progress;
    const { attempt, isNew } = await this.#attemptFor(record, orderId);
    await store.transact(async (trx, told) => {
      if (isNew) await reserveAttempt(trx, record, attempt, { total: '', currency: '' });
      const owner = await attemptOf(trx, record.account, { orderId });
      if (owner && owner.delivery_id !== record.id) {
        throw new DeliveryConflictException(
          `The order ${orderId} belongs to another delivery.`,
          accountName(record.account),
        );
      }
      await store.changeIn(
        trx,
        record.id,
        (snapshot) => {
          const { attempt: latest } = snapshot.progress;
          const isToBeFound = latest?.outcome === 'unknown' && latest.id === known?.id;
          if (snapshot.state !== 'needs_attention' && !isToBeFound) throw this.#notInNeed(snapshot);
          return foundOrder(snapshot, attempt, orderId, now());
        },
        { told },
      );
      await store.changeIn(trx, record.id, needsRead, { told });
    });
  }
}

/** An attempt whose order a person has found. */
function attemptFound(known: DeliveryAttempt | undefined, now: number): DeliveryAttempt {
  return {
    ...{ number: 1, quotationId: '', quotationExpiresAt: now, reservedAt: now },
    ...known,
    id: randomUUID(),
    outcome: 'unknown',
  };
}

/** A person vouches that no order is on its way, not even a clone that nobody has told of. */
function resolvedWithoutOrder(
  { state, progress }: DeliveryRecord,
  given: Exclude<ResolveDelivery, { orderId: string }>,
  now: number,
): Transition {
  const alone = { ...progress, duplicates: undefined };
  if ('cancel' in given) {
    const { attempt } = progress;
    const isUnknown = attempt?.outcome === 'unknown';
    const settled = isUnknown ? { ...attempt, outcome: 'abandoned' as const } : attempt;
    const asked = { ...alone, attempt: settled, lost: lostWith(progress, true), cancelAskedAt: now };
    const attempts = isUnknown ? [{ id: attempt.id, outcome: 'abandoned' as const }] : [];
    return { ...canceled({ state, progress: asked }), attempts };
  }
  const again = abandoned({ state, progress: alone }, 'RESOLVED');
  const { maxPrice = progress.maxPrice } = given;
  return { ...again, progress: { ...again.progress, maxPrice } };
}

/** A person has found its order. The one that was live, if it may be on its way still, is followed beside it. */
function foundOrder(snapshot: DeliveryRecord, attempt: DeliveryAttempt, orderId: string, now: number): Transition {
  const { progress } = snapshot;
  if (duplicateOf(snapshot, orderId)) return adopted(snapshot, orderId);
  const { order } = progress;
  const isOther = order !== undefined && isLive(progress) && order.orderId !== orderId;
  const former = isOther ? [{ ...becameDuplicate(progress, order), cancelRefused: undefined }] : [];
  const found = { ...progress, order: undefined, replacement: undefined, attempt };
  return placed(
    { ...snapshot, progress: withDuplicates(found, [...(progress.duplicates ?? []), ...former]) },
    attempt.id,
    { orderId },
    now,
  );
}

/** The events that end a delivery. */
const ENDS: ReadonlySet<string> = new Set(['completed', 'canceled', 'failed']);

/** ISO 8601; empty for what a damaged row has in its place. */
function isoOf(ms: number): string {
  const at = new Date(ms);
  return Number.isNaN(at.valueOf()) ? '' : at.toISOString();
}

function accountName(account: string): string | undefined {
  return account === '' ? undefined : account;
}

/** @throws InvalidDeliveryException */
function checkedInput(
  input: BookDeliveryDto,
  base: DeliveryPolicy,
): Pick<DeliveryRecord, 'account' | 'reference' | 'requestHash' | 'scheduleAt'> & { request: BookedRequest } {
  // First, for a promise that is looked into and rejects would be nobody's to handle.
  const errors = uncopyableMembers(input);
  if (errors.length === 0) errors.push(...memberErrors(input));
  if (errors.length === 0) errors.push(...bookingTextErrors(input));
  const { stops, recipients } = countsOf(input);
  if (errors.length === 0 && recipients !== stops - 1) {
    errors.push({ pointer: '/recipients', message: `there must be one for each drop-off, which are ${stops - 1}` });
  }
  if (errors.length === 0) {
    const wrong = policyProblems(input.policy ?? undefined, base);
    errors.push(
      ...wrong.map(({ part, message }) => ({ pointer: part === '' ? '/policy' : `/policy/${part}`, message })),
    );
  }
  if (errors.length > 0) throw new InvalidDeliveryException(errors);
  const { reference, account, ...request } = input;
  // A copy: what the host does to its input afterwards changes nothing.
  const written: BookedRequest = structuredClone({ ...request, policy: request.policy ?? undefined });
  return {
    account: account ?? '',
    reference,
    request: written,
    requestHash: hashOfSent(written),
    scheduleAt: zonedTime(written.quotation.scheduleAt),
  };
}

/**
 * Whether a reference was asked for by the same request: one that would send the same. A row of an earlier version has a hash of what was written,
 * in which `22.3` and `'22.3'` differ; an erased delivery has no more than its hash.
 */
function isSameRequest(known: DeliveryRecord, asked: { requestHash: string; request: BookedRequest }): boolean {
  if (known.requestHash === asked.requestHash || known.requestHash === hashOf(asked.request)) return true;
  return known.request !== undefined && hashOfSent(known.request) === asked.requestHash;
}

function hashOfSent(request: BookedRequest): string {
  return hashOf(JSON.parse(sentJson({ ...request, quotation: sentInput(request.quotation) })));
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

function memberErrors(input: unknown): FieldError[] {
  return fieldErrors(BookDeliveryDto, input).map(({ pointer, message }) => ({
    pointer: pointer.replace(/^\/data/, ''),
    message,
  }));
}

function countsOf(input: unknown): { stops: number; recipients: number } {
  const { quotation, recipients }: Record<string, unknown> = isRecord(input) ? input : {};
  const stops = isRecord(quotation) ? quotation.stops : undefined;
  return {
    stops: Array.isArray(stops) ? stops.length : 0,
    recipients: Array.isArray(recipients) ? recipients.length : 0,
  };
}

/** JSON with its keys in one order: the same request in another spelling is the same request. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isRecord(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}

function checkedResolution(resolution: unknown): ResolveDelivery {
  const { orderId, rebook, cancel, maxPrice }: Record<string, unknown> = isRecord(resolution) ? resolution : {};
  const isPrice = maxPrice === undefined || isAmount(maxPrice);
  if (typeof orderId === 'string' && /^\d{1,30}$/.test(orderId) && rebook === undefined && cancel === undefined)
    return { orderId };
  if (rebook === true && orderId === undefined && cancel === undefined && isPrice) {
    return { rebook, ...(isAmount(maxPrice) && { maxPrice }) };
  }
  if (cancel === true && orderId === undefined && rebook === undefined) return { cancel };
  const message = 'must be one of { orderId }, { rebook: true, maxPrice? } and { cancel: true }';
  throw new InvalidDeliveryException([{ pointer: '', message }]);
}
