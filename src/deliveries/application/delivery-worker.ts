import { randomUUID } from 'node:crypto';
import type { LoggerService } from '@nestjs/common';
import type { Kysely } from 'kysely';
import { createLalamoveException } from '../../errors/create-exception.js';
import { LalamoveException } from '../../errors/lalamove.exception.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { reportStep, type DeliveriesHooks, type DeliveryStep } from '../deliveries.hooks.js';
import { adopted } from '../domain/adoption.js';
import { canceled, cancellationSettled, cancelRefused, cancelSent } from '../domain/cancellation.js';
import { isWork, type Action } from '../domain/decide.js';
import { isOpen, type DeliveryAttempt, type CurrentQuotation } from '../domain/delivery-progress.js';
import {
  duplicateChanged,
  duplicateHeldUp,
  duplicateRefused,
  duplicateOf,
  unreadHeldUp,
  unreadRead,
} from '../domain/duplicates.js';
import type { Transition, Snapshot } from '../domain/transition.js';
import {
  abandoned,
  driverChangeAsked,
  failed,
  feeRaised,
  feeStepOver,
  gaveUp,
  needsRead,
  lostSight,
  placed,
  quoted,
  quoting,
  rebooked,
  refused,
  reserved,
} from '../domain/transitions.js';
import { CANCELED_STATUSES } from '../domain/order-status.js';
import {
  canceledElsewhere,
  namedAgain,
  readAfterEnd,
  readAs,
  replaced,
  type OrderReading,
} from '../domain/order-updates.js';
import { reason } from '../domain/reasons.js';
import { attemptOf, reserveAttempt, type KnownAttempt } from '../storage/sqlite/attempt-rows.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { DeliveriesSchema } from '../storage/sqlite/deliveries-schema.js';
import { LostLease, type Change, type Decided, type DeliveryStore } from '../storage/sqlite/delivery-store.js';
import { ATTEMPT_KEY } from '../storage/webhook-updates.js';
import { AccountPending, AccountUnavailable, type DeliveryAccounts, type DeliveryCalls } from './account-services.js';
import { PostedAnswers, type PostedAttempt } from './posted-answers.js';
import { isGone, isOutcomeUnknown, isRefusal, isUsedUp, FailurePolicy } from './failure-policy.js';
import { quotationOf, orderInput, readingOf } from './lalamove-calls.js';

/** Longer than the longest call may take with all its repeats, in ms. */
const LEASE_MS = 120_000;

/** A delivery whose account's keys are being asked for is looked at again after so long at the latest, in ms. */
const PENDING_MS = 15_000;

/** A delivery that goes round in circles goes on later. */
const MAX_ACTIONS = 40;

/** What a worker works with. */
export interface WorkerParts {
  readonly store: DeliveryStore;
  readonly services: DeliveryAccounts;
  readonly hooks: DeliveriesHooks;
  readonly logger: LoggerService;
  readonly now: () => number;
  /** Another delivery has something to do, at that time (Unix ms). */
  readonly wake: (deliveryId: string, at: number) => void;
}

/** Works on deliveries: claims one, does what is to be done with it, one action at a time, and gives it back. */
export class DeliveryWorker {
  readonly #failures: FailurePolicy;
  readonly #answers: PostedAnswers;

  constructor(private readonly parts: WorkerParts) {
    const { store, now, logger } = parts;
    this.#failures = new FailurePolicy((record) => store.policyOf(record), now);
    this.#answers = new PostedAnswers(logger);
  }

  /** Says what is posted and not stored yet, before the database is closed. */
  warnUnderWay(): void {
    this.#answers.warnUnderWay();
  }

  /**
   * Brings a delivery as far as it goes now.
   *
   * @returns Unix ms at which it is due again; `undefined` where nothing is to be done, or somebody else works on it
   */
  async advance(id: string): Promise<number | undefined> {
    const token = randomUUID();
    const begin = ({ do: what }: Action): Change | undefined => (what === 'quote' ? quoting : undefined);
    const claimed = await this.parts.store.claim(id, { token, ms: LEASE_MS }, begin);
    if (claimed?.record.leaseToken !== token) return claimed?.record.dueAt;
    const { record } = await this.#worked(claimed, token);
    // With the last change of all it has been given back already, where nothing was left to be done.
    const dueAt = record.leaseToken === token ? await this.parts.store.release(id, token) : record.dueAt;
    await this.#step('released', record.reference);
    return dueAt;
  }

  /** Does one thing after another; it never rejects for what Lalamove says. */
  async #worked(claimed: Decided, token: string): Promise<Decided> {
    let decided = claimed;
    try {
      await this.#step('claimed', claimed.record.reference);
      for (let count = 0; count < MAX_ACTIONS && isOurs(decided, token); count += 1) {
        decided = await this.#act(decided, token);
      }
      if (!isOurs(decided, token)) return decided;
      const { reference } = decided.record;
      const told = { delivery: reference, action: decided.action.do, actions: MAX_ACTIONS };
      say(this.parts.logger, 'warn', logLine('A delivery goes round in circles: it goes on later', told));
      return await this.#later(decided, token);
    } catch (error) {
      if (error instanceof LostLease) return decided;
      const told = { delivery: decided.record.reference, error: wordsOf(error) };
      const stack = error instanceof Error ? error.stack : undefined;
      say(this.parts.logger, 'error', logLine('The work on a delivery failed', told), stack);
      return this.#later(decided, token).catch(() => decided);
    }
  }

  /** What was to be done next is done later. */
  async #later({ record: { id }, action }: Decided, token: string): Promise<Decided> {
    const later = (record: DeliveryRecord): Transition =>
      this.#besidesLater(record, action) ?? this.#failures.later(record);
    return this.parts.store.change(id, later, { token, yields: token });
  }

  async #act(decided: Decided, token: string): Promise<Decided> {
    const { record, action } = decided;
    // A decision holds for what it was made of: whatever has happened since, a replacement say, is decided upon first.
    const change = (to: (snapshot: DeliveryRecord) => Transition): Promise<Decided> =>
      this.parts.store.change(record.id, (now) => (now.version === record.version ? to(now) : undefined), {
        token,
        yields: token,
      });
    switch (action.do) {
      case 'rest':
      case 'wait':
        return decided;
      case 'doubt':
        return change(lostSight);
      case 'abandon':
        return change((now) => abandoned(now, 'OUTCOME_UNKNOWN'));
      case 'drop':
        return change(canceled);
      case 'rebook':
        return change(rebooked);
      case 'adopt-duplicate':
        return change((now) => adopted(now, action.orderId));
      case 'settle-cancellation':
        return change(cancellationSettled);
      case 'fail':
        return change((now) => failed(now, action.reason));
      case 'give-up':
        return change((now) => gaveUp(now, action.reason));
      case 'skip-fee':
        return change((now) => feeStepOver(now, action.step));
      default:
        return this.#call(decided, token, action);
    }
  }

  /** What needs Lalamove. */
  async #call({ record }: Decided, token: string, action: Exclude<Action, { do: 'rest' | 'wait' }>): Promise<Decided> {
    const { store, services } = this.parts;
    const context: CallContext = {
      record,
      token,
      note: (to) => store.change(record.id, to, { token }),
      change: (to) => store.change(record.id, to, { token, yields: token }),
    };
    try {
      const service = await services.of(record.account);
      if (!service) {
        return await context.change(
          (now) => this.#besidesLater(now, action) ?? this.#failures.needsHelp(now, reason('ACCOUNT_UNKNOWN')),
        );
      }
      return await this.#ask(service, context, action);
    } catch (error) {
      if (error instanceof AccountPending) return this.#postponed(context, error);
      if (error instanceof AccountUnavailable) {
        return context.change((now) => this.#besidesLater(now, action) ?? this.#failures.withoutKeys(now));
      }
      throw error;
    }
  }

  /** The keys of its account are being asked for: it gives its place to others, and goes on with the answer. */
  async #postponed({ record, token }: CallContext, { settled }: AccountPending): Promise<Decided> {
    const { store, now, wake } = this.parts;
    const until = now() + PENDING_MS;
    await store.postpone(record.id, token, until);
    void settled.then(() => {
      wake(record.id, now());
    });
    return {
      record: { ...record, leaseToken: undefined, leaseUntil: undefined, dueAt: until },
      action: { do: 'wait', until },
    };
  }

  #ask(service: DeliveryCalls, context: CallContext, action: Action): Promise<Decided> {
    switch (action.do) {
      case 'quote':
        return this.#quote(service, context);
      case 'book':
        return this.#book(service, context);
      case 'read':
        return this.#read(service, context, action.orderId);
      case 'identify':
        return this.#identify(service, context, action.orderId);
      case 'cancel':
        return this.#cancel(service, context, action.orderId);
      case 'cancel-duplicate':
        return this.#cancelDuplicate(service, context, action.orderId);
      case 'read-duplicate':
        return this.#readDuplicate(service, context, action.orderId);
      case 'raise-fee':
        return this.#raiseFee(service, context, action);
      case 'change-driver':
        return this.#changeDriver(service, context, action);
      default:
        throw new TypeError(`There is no call for ${action.do}.`);
    }
  }

  async #quote(service: DeliveryCalls, context: CallContext): Promise<Decided> {
    const { request, reference } = context.record;
    if (!request) return context.change((snapshot) => gaveUp(snapshot, reason('REQUEST_ERASED')));
    await this.#step('quoting', reference);
    const askedAt = this.parts.now();
    const quotation = await service.createQuotation(request.quotation).catch((error: unknown) => notAnswered(error));
    await this.#step('quoted', reference);
    if (LalamoveException.is(quotation)) {
      return context.change((snapshot) => this.#failures.after(quotation, snapshot));
    }
    const price = quotationOf(quotation, request, askedAt);
    if (!price) {
      const unusable = createLalamoveException('LALAMOVE_UNREADABLE_RESPONSE', { operation: 'createQuotation' });
      return context.change((snapshot) => this.#failures.after(unusable, snapshot));
    }
    if (price === 'unmatched') {
      return context.change((snapshot) => this.#failures.needsHelp(snapshot, reason('STOPS_UNMATCHED')));
    }
    return this.#book(service, context, (snapshot) => quoted(snapshot, price));
  }

  /**
   * Reserve, commit, post, commit. Between the commits nobody can know how it ends; after them everybody can.
   *
   * @param first what is written down before it is decided whether to book
   */
  async #book(
    service: DeliveryCalls,
    { record, token, change }: CallContext,
    first: Change = () => undefined,
  ): Promise<Decided> {
    const { store, now } = this.parts;
    const { request, reference } = record;
    if (!request) return change((snapshot) => gaveUp(snapshot, reason('REQUEST_ERASED')));
    await this.#step('reserving', reference);
    const { decided, attempt, quotation } = await this.#reserve(record.id, token, first);
    if (!attempt) return decided;
    await this.#step('reserved', reference);
    const { leaseUntil = 0 } = decided.record;
    // A process that slept over its lease must not post: others take the attempt for lost.
    if (now() >= leaseUntil) {
      // Nobody else ever posts this attempt: it surely was not carried out.
      await store.change(record.id, (snapshot) => refused(snapshot, attempt.id));
      throw new LostLease();
    }
    await this.#step('posting', reference);
    const posted = this.#answers.begin(reference, attempt.id);
    // Nor may its repeats, after a 429 say, be sent once others take the attempt for lost.
    const signal = AbortSignal.timeout(leaseUntil - now());
    const input = orderInput(request, quotation, attempt);
    const end = await this.#post(service, input, { attempt, posted, signal });
    await this.#step('posted', reference);
    // What has become of it is true whoever has the lease by now.
    const booked = await this.#answers.persist(posted, () => store.change(record.id, end, { yields: token }));
    await this.#step('committed', reference);
    this.#warnIfKnown(booked, posted);
    return booked;
  }

  /** Says which order was answered with that another attempt has already. */
  #warnIfKnown({ record }: Decided, { reference, attemptId, orderId }: PostedAttempt): void {
    if (record.progress.reason?.code !== 'ORDER_ALREADY_KNOWN') return;
    const told = { delivery: reference, attempt: attemptId, order: orderId };
    say(this.parts.logger, 'error', logLine('Lalamove has answered with an order that another attempt has', told));
  }

  /** Commits an attempt before its order is posted, where that is to be done: decided and written as one, so that nothing comes in between, a cancellation say. */
  async #reserve(id: string, token: string, first: Change): Promise<Reservation> {
    const { store, now } = this.parts;
    return store.transact(async (trx, told) => {
      const decided = await store.changeIn(trx, id, first, { token, yields: token, told });
      const { quotation, attempt: before } = decided.record.progress;
      if (decided.action.do !== 'book' || !quotation) return { decided };
      const attempt: DeliveryAttempt = {
        id: randomUUID(),
        number: (before?.number ?? 0) + 1,
        quotationId: quotation.quotationId,
        quotationExpiresAt: quotation.expiresAt,
        outcome: 'reserved',
        reservedAt: now(),
      };
      await reserveAttempt(trx, decided.record, attempt, quotation);
      const kept = await store.changeIn(trx, id, (snapshot) => reserved(snapshot, attempt), { token, told });
      return { decided: kept, attempt, quotation };
    });
  }

  /** Posts an order; it never throws. What is not surely refused is unknown. */
  async #post(
    service: DeliveryCalls,
    input: Parameters<DeliveryCalls['placeOrder']>[0],
    { attempt, posted, signal }: { attempt: DeliveryAttempt; posted: PostedAttempt; signal: AbortSignal },
  ): Promise<Change> {
    const { now, logger } = this.parts;
    try {
      const order = readingOf(await service.placeOrder(input, { requestId: attempt.id, signal }));
      posted.orderId = order.orderId;
      return (snapshot) => {
        const { orderId, total, currency, shareLink, priorityFee, status, driverId } = order;
        const known = snapshot.progress.quotation;
        const told = {
          orderId,
          priorityFee,
          shareLink,
          total: total === '' ? (known?.total ?? '') : total,
          currency: currency === '' ? (known?.currency ?? '') : currency,
        };
        const back = placed(snapshot, attempt.id, told, now());
        // Where it has come further already, a read tells of it, as of any other change.
        const isFresh = status === 'ASSIGNING_DRIVER' && driverId === '';
        return isFresh ? back : after(back, needsRead(back));
      };
    } catch (error) {
      const isSurelyNot = LalamoveException.is(error) && !isOutcomeUnknown(error);
      if (!isSurelyNot) {
        const told = { delivery: posted.reference, attempt: attempt.id, error: wordsOf(error) };
        const what = 'Nobody knows whether an order was placed: resolve({ orderId }) if you find it';
        say(logger, 'warn', logLine(what, told));
        return (snapshot) => (snapshot.progress.attempt?.id === attempt.id ? lostSight(snapshot) : undefined);
      }
      return (snapshot) => {
        const back = refused(snapshot, attempt.id);
        // A webhook has told of the order: whatever this answer was, there is one.
        const { attempt: latest } = snapshot.progress;
        if (!isOpen(latest) || latest.id !== attempt.id) return undefined;
        // The quotation is used up, and that is all, unless the policy wants no other one.
        if (isUsedUp(error) && !this.parts.store.policyOf(snapshot).requote) {
          return after(back, gaveUp(back, reason('QUOTATION_EXPIRED')));
        }
        return after(back, this.#failures.after(error, { ...snapshot, ...back }));
      };
    }
  }

  async #read(service: DeliveryCalls, { record, change }: CallContext, orderId: string): Promise<Decided> {
    const { store, now } = this.parts;
    const statusAtBefore = record.progress.order?.statusAt ?? 0;
    await this.#step('reading', record.reference);
    const order = await service.getOrder(orderId).catch((error: unknown) => notAnswered(error));
    // A live order is never given up for a read that fails: webhooks may still come.
    if (LalamoveException.is(order)) return change((snapshot) => this.#failures.later(snapshot, order));
    await this.#step('read', record.reference);
    const reading = readingOf(order);
    if (reading.orderId !== orderId) return change((snapshot) => this.#failures.later(snapshot));
    const policy = store.policyOf(record);
    // Only a read that was begun since can tell that it was canceled by mistake.
    if (record.state === 'canceled') return change((snapshot) => readAfterEnd(snapshot, reading, policy, now()));
    return change((snapshot) => readAs(snapshot, reading, statusAtBefore, policy, now()));
  }

  /** Finds out whose an order is that came up while an attempt's outcome is unknown. */
  async #identify(service: DeliveryCalls, { record, change }: CallContext, orderId: string): Promise<Decided> {
    const { store, now, wake } = this.parts;
    const { account } = record;
    const attemptIn = async (trx: Kysely<DeliveriesSchema>): Promise<KnownAttempt | undefined> =>
      (named === undefined ? undefined : await attemptOf(trx, account, { attemptId: named })) ??
      (quotationId ? await attemptOf(trx, account, { quotationId }) : undefined);
    let quotationId = '';
    let named: string | undefined;
    let first: OrderReading | undefined;
    await this.#step('reading', record.reference);
    try {
      const order = await service.getOrder(orderId);
      quotationId = typeof order.quotationId === 'string' ? order.quotationId : '';
      named = order.metadata?.[ATTEMPT_KEY];
      const known = (await attemptIn(store.db))?.order_id ?? orderId;
      // Its attempt has another order: whether this is its clone, or one too many, that one tells.
      if (known !== orderId) first = readingOf(await service.getOrder(known));
    } catch (error) {
      if (!LalamoveException.is(error)) throw error;
      if (!isGone(error)) return change((snapshot) => this.#unread(snapshot, orderId, error));
    }
    await this.#step('read', record.reference);
    const found = await store.transact(async (trx, told) => {
      await trx
        .updateTable('delivery_events')
        .set({ quotation_id: quotationId })
        .where('account', '=', account)
        .where('order_id', '=', orderId)
        .execute();
      const attempt = await attemptIn(trx);
      if (!attempt) return undefined;
      const { order_id: known } = attempt;
      if (known !== null && known !== orderId) {
        const isReplaced = first !== undefined && CANCELED_STATUSES.has(first.status);
        return store.changeIn(
          trx,
          attempt.delivery_id,
          (snapshot) =>
            isReplaced && snapshot.progress.order?.orderId === known
              ? replaced(snapshot, { prevOrderId: known, orderId }, now())
              : namedAgain(snapshot, { prevOrderId: known, orderId }, -1, now()),
          { told },
        );
      }
      await store.changeIn(trx, attempt.delivery_id, (snapshot) => placed(snapshot, attempt.id, { orderId }, now()), {
        told,
      });
      return store.changeIn(trx, attempt.delivery_id, needsRead, { told });
    });
    // Whoever looks first finds out for all: it may be another's.
    if (found?.record.dueAt !== undefined && found.record.id !== record.id) wake(found.record.id, found.record.dueAt);
    return change((snapshot) => unreadRead(snapshot, orderId));
  }

  /** What was to be done beside the live order is tried again by itself; `undefined` for the live order. */
  #besidesLater(snapshot: Snapshot, action: Action): Transition | undefined {
    switch (action.do) {
      case 'identify':
        return this.#unread(snapshot, action.orderId);
      case 'cancel-duplicate':
      case 'read-duplicate':
        return this.#duplicateLater(snapshot, action.orderId);
      default:
        return undefined;
    }
  }

  /** The order of an unmatched webhook could not be read. */
  #unread(snapshot: Snapshot, orderId: string, error?: LalamoveException): Transition {
    const { failures = 0 } = snapshot.progress.unread?.find((unread) => unread.orderId === orderId) ?? {};
    return unreadHeldUp(snapshot, orderId, this.#failures.retryAt(failures, error));
  }

  async #cancel(service: DeliveryCalls, { record, note, change }: CallContext, orderId: string): Promise<Decided> {
    const { store, now } = this.parts;
    const wasTried = record.progress.cancelSent === orderId;
    if (!wasTried) await note(ofOrder(orderId, (snapshot) => cancelSent(snapshot, orderId)));
    await this.#step('canceling', record.reference);
    try {
      await service.cancelOrder(orderId);
    } catch (error) {
      if (!LalamoveException.is(error)) throw error;
      if (error.code === 'ERR_CANCELLATION') {
        const elsewhere = (snapshot: Snapshot): Transition =>
          canceledElsewhere(withoutTry(snapshot), store.policyOf(record), now());
        return change(ofOrder(orderId, wasTried ? canceled : elsewhere));
      }
      if (isRefusal(error)) return change(ofOrder(orderId, (snapshot) => cancelRefused(snapshot, orderId, error.code)));
      return this.#failed(error, change);
    }
    await this.#step('canceled', record.reference);
    return change(ofOrder(orderId, canceled));
  }

  /** As {@link #cancel}, for an order beside the live one, with a backoff of its own. */
  async #cancelDuplicate(
    service: DeliveryCalls,
    { record, note, change }: CallContext,
    orderId: string,
  ): Promise<Decided> {
    const { store, now } = this.parts;
    const wasTried = duplicateOf(record, orderId)?.cancelSent === true;
    const alone = (to: (snapshot: Snapshot) => Transition): Change => this.#ofDuplicate(orderId, to);
    if (!wasTried) await note(alone((snapshot) => cancelSent(snapshot, orderId)));
    await this.#step('canceling', record.reference);
    try {
      await service.cancelOrder(orderId);
    } catch (error) {
      if (!LalamoveException.is(error)) throw error;
      if (error.code === 'ERR_CANCELLATION') {
        const policy = store.policyOf(record);
        return change(
          alone(wasTried ? canceled : (snapshot) => canceledElsewhere(withoutTry(snapshot), policy, now())),
        );
      }
      if (isRefusal(error)) {
        const told = { delivery: record.reference, order: orderId, code: error.code };
        const what = 'A second courier may be on the road: a duplicate order cannot be cancelled, and is followed';
        say(this.parts.logger, 'warn', logLine(what, told));
        return change((snapshot) => duplicateRefused(snapshot, orderId, error.code));
      }
      return change((snapshot) => this.#duplicateLater(snapshot, orderId, error));
    }
    await this.#step('canceled', record.reference);
    return change(alone(canceled));
  }

  async #readDuplicate(service: DeliveryCalls, { record, change }: CallContext, orderId: string): Promise<Decided> {
    const { store, now } = this.parts;
    const statusAtBefore = duplicateOf(record, orderId)?.order.statusAt ?? 0;
    await this.#step('reading', record.reference);
    const order = await service.getOrder(orderId).catch((error: unknown) => notAnswered(error));
    if (LalamoveException.is(order)) return change((snapshot) => this.#duplicateLater(snapshot, orderId, order));
    await this.#step('read', record.reference);
    const reading = readingOf(order);
    if (reading.orderId !== orderId) return change((snapshot) => this.#duplicateLater(snapshot, orderId));
    const policy = store.policyOf(record);
    return change(this.#ofDuplicate(orderId, (alone) => readAs(alone, reading, statusAtBefore, policy, now())));
  }

  /** A change of a duplicate; the live order if it has become that meanwhile. */
  #ofDuplicate(orderId: string, to: (alone: Snapshot) => Transition): Change {
    return (record) =>
      record.progress.order?.orderId === orderId ? to(record) : duplicateChanged(record, orderId, to);
  }

  #duplicateLater(snapshot: Snapshot, orderId: string, error?: LalamoveException): Transition {
    const { failures } = duplicateOf(snapshot, orderId) ?? { failures: 0 };
    return duplicateHeldUp(snapshot, orderId, this.#failures.retryAt(failures, error));
  }

  async #raiseFee(
    service: DeliveryCalls,
    { record, note, change }: CallContext,
    { orderId, priorityFee, step }: Extract<Action, { do: 'raise-fee' }>,
  ): Promise<Decided> {
    // Committed before the call: whatever becomes of it, this step is not made twice.
    await note((snapshot) => needsRead(feeStepOver(snapshot, step)));
    await this.#step('raising_fee', record.reference);
    try {
      await service.addPriorityFee(orderId, { priorityFee });
    } catch (error) {
      if (!LalamoveException.is(error)) throw error;
      // Refused, or nobody knows: the read that follows tells what it costs.
      return change(() => undefined);
    }
    return change((snapshot) => feeRaised(snapshot, orderId, priorityFee));
  }

  async #changeDriver(
    service: DeliveryCalls,
    { record, note, change }: CallContext,
    { orderId, driverId }: Extract<Action, { do: 'change-driver' }>,
  ): Promise<Decided> {
    await note((snapshot) => driverChangeAsked(snapshot, orderId, driverId));
    await this.#step('changing_driver', record.reference);
    try {
      await service.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
    } catch (error) {
      if (!LalamoveException.is(error)) throw error;
    }
    return change(() => undefined);
  }

  async #failed(error: unknown, change: CallContext['change']): Promise<Decided> {
    if (!LalamoveException.is(error)) throw error;
    return change((snapshot) => this.#failures.after(error, snapshot));
  }

  async #step(step: DeliveryStep, reference: string): Promise<void> {
    await reportStep(this.parts.hooks, step, reference);
  }
}

interface CallContext {
  readonly record: DeliveryRecord;
  readonly token: string;
  /** Writes down what is about to be done. */
  readonly note: (to: Change) => Promise<Decided>;
  /** Writes down what has been done; the lease goes back with it, where nothing is left to be done now. */
  readonly change: (to: Change) => Promise<Decided>;
}

/** Whether there is something to be done, and by us. */
function isOurs({ action, record }: Decided, token: string): boolean {
  return isWork(action) && record.leaseToken === token;
}

/** Whether an attempt was reserved. */
type Reservation =
  | { readonly decided: Decided; readonly attempt: DeliveryAttempt; readonly quotation: CurrentQuotation }
  | { readonly decided: Decided; readonly attempt?: undefined; readonly quotation?: undefined };

/** @throws what is not Lalamove's answer */
function notAnswered(error: unknown): LalamoveException {
  if (LalamoveException.is(error)) return error;
  throw error;
}

/** The second of two evolutions, with what the first one has told. */
function after(first: Transition, second: Transition): Transition {
  return {
    ...second,
    events: [...first.events, ...second.events],
    attempts: [...(first.attempts ?? []), ...(second.attempts ?? [])],
  };
}

/** A change that holds for an order only as long as it is the live one. */
function ofOrder(orderId: string, change: (snapshot: Snapshot) => Transition): Change {
  return (record) => (record.progress.order?.orderId === orderId ? change(record) : undefined);
}

/** As before a cancellation that found that there was nothing left to cancel. */
function withoutTry({ state, progress }: Snapshot): Snapshot {
  return { state, progress: { ...progress, cancelSent: undefined } };
}
