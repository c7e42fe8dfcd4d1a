import { randomUUID } from 'node:crypto';
import type { LoggerService } from '@nestjs/common';
import { LalamoveOutcomeUnknownException } from '../../errors/call.exceptions.js';
import { LalamoveException } from '../../errors/lalamove.exception.js';
import type { LalamoveService } from '../../lalamove.service.js';
import { logLine, say, wordsOf } from '../../log-line.js';
import type { DeliveriesHooks, DeliveryStep } from '../deliveries.hooks.js';
import { canceled, cancellationSettled, cancelRefused, cancelTried } from '../machine/cancellation.js';
import type { Action } from '../machine/decide.js';
import { isTerminal, type CourseAttempt, type CourseQuotation } from '../machine/delivery-course.js';
import {
  abandoned,
  driverChangeAsked,
  failed,
  feeRaised,
  feeStepOver,
  gaveUp,
  heldUp,
  inDoubt,
  lostSight,
  placed,
  quoted,
  quoting,
  rebooked,
  refused,
  reserved,
  strayEnded,
  type Evolution,
  type Standing,
} from '../machine/evolve.js';
import { canceledElsewhere, readAs } from '../machine/order-news.js';
import { reason } from '../machine/reasons.js';
import type { DeliveryRecord } from '../store/delivery-record.js';
import { LostLease, type Change, type Decided, type DeliveryStore } from '../store/delivery-store.js';
import { ATTEMPT_KEY } from '../store/webhook-news.js';
import type { AccountServices } from './account-services.js';
import { courseQuotation, orderInput, readingOf } from './lalamove-calls.js';

/** Longer than the longest call may take with all its repeats, in ms. */
const LEASE_MS = 120_000;

/** A delivery that goes round in circles is left to its next wake. */
const MOST_ACTIONS = 40;

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 15 * 60_000;

/** What a worker works with. */
export interface WorkerParts {
  readonly store: DeliveryStore;
  readonly services: AccountServices;
  readonly hooks: DeliveriesHooks;
  readonly logger: LoggerService;
  readonly now: () => number;
}

/** Works on deliveries: claims one, does what is to be done with it, one action at a time, and gives it back. */
export class DeliveryWorker {
  constructor(private readonly parts: WorkerParts) {}

  /**
   * Brings a delivery as far as it goes now.
   *
   * @returns Unix ms at which it is due again; `undefined` where nothing is to be done, or somebody else works on it
   */
  async advance(id: string): Promise<number | undefined> {
    const { store, logger } = this.parts;
    const token = randomUUID();
    const claimed = await store.claim(id, token, LEASE_MS);
    if (!claimed) return undefined;
    let reference = claimed.record.reference;
    try {
      await this.#step('claimed', reference);
      let decided = claimed;
      for (let count = 0; count < MOST_ACTIONS && isWork(decided.action); count += 1) {
        decided = await this.#act(decided, token);
        reference = decided.record.reference;
      }
    } catch (error) {
      if (!(error instanceof LostLease)) {
        const told = { delivery: reference, error: wordsOf(error) };
        say(
          logger,
          'error',
          logLine('The work on a delivery failed', told),
          error instanceof Error ? error.stack : undefined,
        );
        await store.change(id, (record) => heldUp(record, this.#pause(record)), { token }).catch(() => undefined);
      }
    }
    const dueAt = await store.release(id, token);
    await this.#step('released', reference);
    return dueAt;
  }

  async #act(decided: Decided, token: string): Promise<Decided> {
    const { record, action } = decided;
    const change = (to: Change): Promise<Decided> => this.parts.store.change(record.id, to, { token });
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
    const service = await services.of(record.account);
    if (!service) return store.change(record.id, (now) => this.#withoutAccount(now), { token });
    const context: CallContext = {
      record,
      service,
      change: (to) => store.change(record.id, to, { token }),
    };
    switch (action.do) {
      case 'quote':
        return this.#quote(context);
      case 'book':
        return this.#book(context, token);
      case 'read':
        return this.#read(context, action.orderId);
      case 'identify':
        return this.#identify(context, action.orderId);
      case 'cancel':
        return this.#cancel(context, action.orderId);
      case 'cancel-stray':
        return this.#cancelStray(context, action.orderId);
      case 'raise-fee':
        return this.#raiseFee(context, action);
      case 'change-driver':
        return this.#changeDriver(context, action);
      default:
        throw new TypeError(`There is no call for ${action.do}.`);
    }
  }

  #withoutAccount(standing: Standing): Evolution {
    // Where a person knows already, or nothing but a stray is left, it is looked for again, ever more rarely.
    const isToWait = standing.state === 'needs_attention' || isTerminal(standing.state);
    return isToWait ? heldUp(standing, this.#pause(standing)) : gaveUp(standing, reason('ACCOUNT_UNKNOWN'));
  }

  async #quote({ record, service, change }: CallContext): Promise<Decided> {
    const { request, reference } = record;
    if (!request) return change((now) => gaveUp(now, reason('REQUEST_ERASED')));
    if (record.state === 'requested') await change(quoting);
    await this.#step('quoting', reference);
    const askedAt = this.parts.now();
    try {
      const quotation = await service.createQuotation(request.quotation);
      await this.#step('quoted', reference);
      return await change((now) => quoted(now, courseQuotation(quotation, request, askedAt)));
    } catch (error) {
      return this.#failed(error, change);
    }
  }

  /** Reserve, commit, post, commit. Between the commits nobody can know how it ends; after them everybody can. */
  async #book({ record, service, change }: CallContext, token: string): Promise<Decided> {
    const { store, now } = this.parts;
    const { request, reference } = record;
    const { quotation } = record.course;
    if (!request) return change((standing) => gaveUp(standing, reason('REQUEST_ERASED')));
    if (!quotation) throw new TypeError('There is no quotation to be ordered.');
    const attempt: CourseAttempt = {
      id: randomUUID(),
      number: (record.course.attempt?.number ?? 0) + 1,
      quotationId: quotation.quotationId,
      quotationExpiresAt: quotation.expiresAt,
      outcome: 'reserved',
      reservedAt: now(),
    };
    await this.#step('reserving', reference);
    const reservation = await this.#reserve(record, attempt, quotation, token);
    if (!reservation) return change(() => undefined);
    await this.#step('reserved', reference);
    const { leaseUntil = 0 } = reservation.record;
    // A process that slept over its lease must not post: others take the attempt for lost.
    if (now() >= leaseUntil) throw new LostLease();
    await this.#step('posting', reference);
    const end = await this.#post(service, orderInput(request, quotation, attempt), attempt);
    await this.#step('posted', reference);
    // What has become of it is true whoever has the lease by now.
    const booked = await store.change(record.id, end);
    await this.#step('committed', reference);
    return booked;
  }

  /**
   * Commits an attempt before its order is posted. Fenced by the version as well as by the lease: whatever has happened since the decision, a cancellation say, is decided upon
   * first.
   *
   * @returns `undefined` where something has happened
   */
  async #reserve(
    record: DeliveryRecord,
    attempt: CourseAttempt,
    price: CourseQuotation,
    token: string,
  ): Promise<Decided | undefined> {
    const { store } = this.parts;
    try {
      return await store.write(async (trx) => {
        const fence = { token, version: record.version, told: [] };
        const written = await store.changeIn(trx, record.id, (standing) => reserved(standing, attempt), fence);
        await store.reserve(trx, record, attempt, price);
        return written;
      });
    } catch (error) {
      if (error instanceof LostLease) return undefined;
      throw error;
    }
  }

  /** Posts an order; it never throws. What is not surely refused is unknown. */
  async #post(
    service: LalamoveService,
    input: Parameters<LalamoveService['placeOrder']>[0],
    attempt: CourseAttempt,
  ): Promise<Change> {
    const { now, logger } = this.parts;
    try {
      const order = readingOf(await service.placeOrder(input, { requestId: attempt.id }));
      return (standing) => {
        const { orderId, total, currency, shareLink, priorityFee, status, driverId } = order;
        const known = standing.course.quotation;
        const told = {
          orderId,
          status,
          driverId,
          priorityFee,
          shareLink,
          total: total === '' ? (known?.total ?? '') : total,
          currency: currency === '' ? (known?.currency ?? '') : currency,
        };
        return placed(standing, attempt.id, told, now());
      };
    } catch (error) {
      const isSurelyNot = LalamoveException.is(error) && !isOutcomeUnknown(error);
      if (!isSurelyNot) {
        logger.warn(
          logLine('Nobody knows whether an order was placed', { attempt: attempt.id, error: wordsOf(error) }),
        );
        return (standing) => (standing.course.attempt?.id === attempt.id ? lostSight(standing) : undefined);
      }
      return (standing) => {
        const back = refused(standing, attempt.id);
        // A webhook has told of the order: whatever this answer was, there is one.
        const { attempt: latest } = standing.course;
        const isOpen = latest?.id === attempt.id && (latest.outcome === 'reserved' || latest.outcome === 'unknown');
        if (!isOpen) return undefined;
        // The quotation is used up, and that is all.
        if (error.code === 'ERR_INVALID_QUOTATION_ID' || error.code === 'ERR_PRICE_MISMATCH') {
          return after(back, heldUp(back, this.#pause(back)));
        }
        return after(back, this.#afterFailure(error, { ...standing, ...back }));
      };
    }
  }

  async #read({ record, service, change }: CallContext, orderId: string): Promise<Decided> {
    const { store, now } = this.parts;
    const toldBefore = record.course.order?.toldAt ?? 0;
    await this.#step('reading', record.reference);
    try {
      const reading = readingOf(await service.getOrder(orderId));
      await this.#step('read', record.reference);
      return await change((standing) => readAs(standing, reading, toldBefore, store.policyOf(record), now()));
    } catch (error) {
      // A live order is never given up for a read that fails: webhooks may still come.
      return change((standing) => heldUp(standing, this.#pause(standing, error)));
    }
  }

  /** Finds out whose an order is that came up while an attempt's outcome is unknown. */
  async #identify({ record, service, change }: CallContext, orderId: string): Promise<Decided> {
    const { store, now } = this.parts;
    const { account } = record;
    let quotationId = '';
    let named: string | undefined;
    await this.#step('reading', record.reference);
    try {
      const order = await service.getOrder(orderId);
      quotationId = typeof order.quotationId === 'string' ? order.quotationId : '';
      named = order.metadata?.[ATTEMPT_KEY];
    } catch (error) {
      const isGone = LalamoveException.is(error) && [403, 404, 422].includes(error.upstreamStatus ?? 0);
      if (!isGone) return change((standing) => heldUp(standing, this.#pause(standing, error)));
    }
    await this.#step('read', record.reference);
    const told: Parameters<DeliveryStore['announce']>[0][number][] = [];
    await store.write(async (trx) => {
      told.length = 0;
      await trx
        .updateTable('delivery_events')
        .set({ quotation_id: quotationId })
        .where('account', '=', account)
        .where('order_id', '=', orderId)
        .execute();
      const attempt =
        (named === undefined ? undefined : await store.attemptOf(trx, account, { attemptId: named })) ??
        (quotationId ? await store.attemptOf(trx, account, { quotationId }) : undefined);
      if (!attempt) return;
      await store.changeIn(trx, attempt.delivery_id, (standing) => placed(standing, attempt.id, { orderId }, now()), {
        told,
      });
      await store.changeIn(trx, attempt.delivery_id, inDoubt, { told });
    });
    store.announce(told);
    return change(() => undefined);
  }

  async #cancel({ record, service, change }: CallContext, orderId: string): Promise<Decided> {
    const { store, now } = this.parts;
    const wasTried = record.course.cancelTried === orderId;
    if (!wasTried) await change(ofOrder(orderId, (standing) => cancelTried(standing, orderId)));
    await this.#step('canceling', record.reference);
    try {
      await service.cancelOrder(orderId);
    } catch (error) {
      if (!LalamoveException.is(error)) throw error;
      if (error.code === 'ERR_CANCELLATION') {
        const elsewhere = (standing: Standing): Evolution =>
          canceledElsewhere(withoutTry(standing), store.policyOf(record), now());
        return change(ofOrder(orderId, wasTried ? canceled : elsewhere));
      }
      if (isRefusal(error)) return change(ofOrder(orderId, (standing) => cancelRefused(standing, orderId, error.code)));
      return this.#failed(error, change);
    }
    await this.#step('canceled', record.reference);
    return change(ofOrder(orderId, canceled));
  }

  async #cancelStray({ record, service, change }: CallContext, orderId: string): Promise<Decided> {
    await this.#step('canceling', record.reference);
    try {
      await service.cancelOrder(orderId);
    } catch (error) {
      if (!LalamoveException.is(error)) throw error;
      if (error.code === 'ERR_CANCELLATION') return change((standing) => strayEnded(standing, orderId, undefined));
      if (isRefusal(error)) return change((standing) => strayEnded(standing, orderId, error.code));
      return change((standing) => heldUp(standing, this.#pause(standing, error)));
    }
    await this.#step('canceled', record.reference);
    return change((standing) => strayEnded(standing, orderId, undefined));
  }

  async #raiseFee(
    { record, service, change }: CallContext,
    { orderId, priorityFee, step }: Extract<Action, { do: 'raise-fee' }>,
  ): Promise<Decided> {
    // Committed before the call: whatever becomes of it, this step is not made twice.
    await change((standing) => inDoubt(feeStepOver(standing, step)));
    await this.#step('raising_fee', record.reference);
    try {
      await service.addPriorityFee(orderId, { priorityFee });
    } catch (error) {
      if (!LalamoveException.is(error)) throw error;
      // Refused, or nobody knows: the read that follows tells what it costs.
      return change(() => undefined);
    }
    return change((standing) => feeRaised(standing, orderId, priorityFee));
  }

  async #changeDriver(
    { record, service, change }: CallContext,
    { orderId, driverId }: Extract<Action, { do: 'change-driver' }>,
  ): Promise<Decided> {
    await change((standing) => driverChangeAsked(standing, orderId, driverId));
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
    return change((standing) => this.#afterFailure(error, standing));
  }

  /** What passes is tried again, later; what does not needs a person. */
  #afterFailure(error: LalamoveException, standing: Standing & Pick<DeliveryRecord, 'request'>): Evolution {
    // A person knows already: what was asked for meanwhile is tried again, ever more rarely.
    if (standing.state === 'needs_attention') return heldUp(standing, this.#pause(standing, error));
    const told = { code: error.code, message: error.message };
    if (!isPassing(error)) return gaveUp(standing, told);
    const { mostFailures } = this.parts.store.policyOf(standing).failures;
    if (standing.course.failures + 1 >= mostFailures) {
      return gaveUp(
        standing,
        reason('LALAMOVE_AWAY', `Lalamove has failed ${mostFailures} times in a row: ${error.code}, ${error.message}`),
      );
    }
    return heldUp(standing, this.#pause(standing, error));
  }

  /** Unix ms: twice as long after each failure, with jitter, and no less than Lalamove says. */
  #pause({ course }: Standing, error?: unknown): number {
    const most = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(course.failures, 20), LONGEST_PAUSE_MS);
    const asked = LalamoveException.is(error) ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return this.parts.now() + Math.ceil(Math.max(asked, most * (0.5 + Math.random() / 2)));
  }

  async #step(step: DeliveryStep, reference: string): Promise<void> {
    try {
      await this.parts.hooks.onStep?.(step, reference);
    } catch {
      // A hook watches, and changes nothing.
    }
  }
}

interface CallContext {
  readonly record: DeliveryRecord;
  readonly service: LalamoveService;
  readonly change: (to: Change) => Promise<Decided>;
}

function isWork({ do: what }: Action): boolean {
  return what !== 'rest' && what !== 'wait';
}

/** The second of two evolutions, with what the first one has told. */
function after(first: Evolution, second: Evolution): Evolution {
  return {
    ...second,
    events: [...first.events, ...second.events],
    attempts: [...(first.attempts ?? []), ...(second.attempts ?? [])],
  };
}

/** A change that holds for an order only as long as it is the live one. */
function ofOrder(orderId: string, change: (standing: Standing) => Evolution): Change {
  return (record) => (record.course.order?.orderId === orderId ? change(record) : undefined);
}

/** As before a cancellation that found that there was nothing left to cancel. */
function withoutTry({ state, course }: Standing): Standing {
  return { state, course: { ...course, cancelTried: undefined } };
}

function isOutcomeUnknown(error: LalamoveException): boolean {
  return error instanceof LalamoveOutcomeUnknownException || error.name === 'LalamoveOutcomeUnknownException';
}

/** Lalamove has said no, for good. */
function isRefusal({ upstreamStatus }: LalamoveException): boolean {
  return upstreamStatus !== undefined && [403, 404, 409, 422].includes(upstreamStatus);
}

/** Whether the same call may go well later. */
function isPassing(error: LalamoveException): boolean {
  return error.retryable || error.upstreamStatus === 429 || error.fixableBy === 'lalamove';
}
