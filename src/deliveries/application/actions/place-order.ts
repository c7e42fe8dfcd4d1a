import { setTimeout as pause } from 'node:timers/promises';
import { LalamoveException } from '../../../errors/lalamove.exception.js';
import { logLine, say, wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { isOpen, type CurrentQuotation, type DeliveryAttempt } from '../../domain/delivery-progress.js';
import type { OrderReading } from '../../domain/order-updates.js';
import { reason } from '../../domain/reasons.js';
import type { Snapshot, Transition } from '../../domain/transition.js';
import { gaveUp, lostSight, needsRead, placed, refused, reserved } from '../../domain/transitions.js';
import type { BookedRequest, DeliveryRecord } from '../../storage/delivery-record.js';
import { newAttemptId, requestIdOf } from '../attempt-id.js';
import { LostLease, type Change, type Decided } from '../delivery-transaction.js';
import type { CallContext } from '../call-handler.js';
import { isOutcomeUnknown, isUsedUp } from '../failure-policy.js';
import { orderInput, readingOf } from '../lalamove-mapping.js';
import type { PostedAttempt } from '../posted-answers.js';

/** The pauses before the tries to settle an attempt that was not posted, in ms. */
const WITHDRAW_PAUSES_MS = [0, 200, 1000, 5000];

/** A committed attempt. Its order may be posted until the lease ends. */
interface Reservation {
  readonly attempt: DeliveryAttempt;
  readonly quotation: CurrentQuotation;
  /** The delivery with the lease that the reservation has renewed. */
  readonly leased: DeliveryRecord;
}

/**
 * Places an order: reserve, commit, POST, commit. After a crash between the two commits, the outcome is unknown and the
 * order is not posted again.
 *
 * @param first a change that is persisted before the decision whether to place the order
 */
export async function placeOrder(context: CallContext, first: Change = () => undefined): Promise<Decided> {
  const { record, persist, step } = context;
  const { request } = record;
  if (!request) return persist((snapshot) => gaveUp(snapshot, reason('REQUEST_ERASED')));
  await step('reserving');
  const { decided, reservation } = await reserve(context, first);
  if (!reservation) return decided;
  await step('reserved');
  await checkLease(context, reservation);
  await step('posting');
  return postReserved(context, request, reservation);
}

/**
 * If the next action is to place the order, commits an attempt before the order is posted. The decision and the attempt
 * are in one transaction, so that no other change (for example a cancellation) can come between them.
 */
async function reserve(
  context: CallContext,
  first: Change,
): Promise<{ readonly decided: Decided; readonly reservation?: Reservation }> {
  const attemptId = newAttemptId(context.record.id);
  try {
    return await reserveAs(context, attemptId, first);
  } catch (error) {
    if (error instanceof DeliveriesStoreException) await withdraw(context, attemptId);
    throw error;
  }
}

async function reserveAs(
  { deliveries, record: { id }, token, leaseMs: renewMs, now }: CallContext,
  attemptId: string,
  first: Change,
): Promise<{ readonly decided: Decided; readonly reservation?: Reservation }> {
  return deliveries.transact(async (trx) => {
    const decided = await trx.change(id, first, { token, yields: token });
    const { quotation, attempt: before } = decided.record.progress;
    if (decided.action.do !== 'book' || !quotation) return { decided };
    const attempt: DeliveryAttempt = {
      id: attemptId,
      number: (before?.number ?? 0) + 1,
      quotationId: quotation.quotationId,
      quotationExpiresAt: quotation.expiresAt,
      outcome: 'reserved',
      reservedAt: now(),
    };
    await trx.storage.refuseIfRestored();
    await trx.storage.reserveAttempt(decided.record, attempt, quotation);
    const booking = await trx.change(id, (snapshot) => reserved(snapshot, attempt), { token, renewMs });
    return { decided: booking, reservation: { attempt, quotation, leased: booking.record } };
  });
}

/**
 * Settles an attempt whose commit has an unknown result, because its order was certainly not posted. It gives up while
 * the database fails; the outcome of the attempt is unknown then.
 */
async function withdraw({ deliveries, record: { id } }: CallContext, attemptId: string): Promise<void> {
  for (const pauseMs of WITHDRAW_PAUSES_MS) {
    try {
      await pause(pauseMs, undefined, { ref: false });
      await deliveries.change(id, (snapshot) =>
        snapshot.progress.attempt?.id === attemptId ? refused(snapshot, attemptId) : undefined,
      );
      return;
    } catch {
      // The next try follows. The caller reports the first error.
    }
  }
}

/**
 * A process that was suspended until its lease ended must not post the order, because other workers treat the attempt
 * as lost.
 *
 * @throws LostLease if the lease has ended
 */
async function checkLease({ deliveries, record }: CallContext, { attempt, leased }: Reservation): Promise<void> {
  if (deliveries.storage.leaseMsLeft(leased) > 0) return;
  // No other worker posts this attempt, so its order was certainly not placed.
  await deliveries.change(record.id, (snapshot) => refused(snapshot, attempt.id));
  throw new LostLease();
}

/** Posts the order of a reserved attempt, and persists the result. */
async function postReserved(context: CallContext, request: BookedRequest, reservation: Reservation): Promise<Decided> {
  const { deliveries, record, token, step, answers } = context;
  const posted = answers.begin(record.reference, reservation.attempt.id);
  const result = await post(context, request, reservation, posted);
  await step('posted');
  // The lease is not checked, because the result is valid even if another worker holds the lease.
  const booked = await answers.persist(posted, () => deliveries.change(record.id, result, { yields: token }));
  await step('committed');
  warnIfKnown(context, booked, posted);
  return booked;
}

/**
 * Posts an order. It never rejects. Unless the order was certainly not placed, a failure means an unknown outcome.
 *
 * @returns the change that follows from the response
 */
async function post(
  context: CallContext,
  request: BookedRequest,
  { attempt, quotation, leased }: Reservation,
  posted: PostedAttempt,
): Promise<Change> {
  const { service, deliveries, now } = context;
  // No retry (for example after a 429) may be sent after the lease ends, because other workers then treat the attempt
  // as lost.
  const signal = AbortSignal.timeout(Math.max(0, Math.floor(deliveries.storage.leaseMsLeft(leased))));
  const input = orderInput(request, quotation, attempt);
  try {
    const order = readingOf(await service.placeOrder(input, { requestId: requestIdOf(attempt.id), signal }));
    posted.orderId = order.orderId;
    return (snapshot) => answered(snapshot, attempt, order, now());
  } catch (error) {
    if (LalamoveException.is(error) && !isOutcomeUnknown(error)) {
      return (snapshot) => notPlaced(context, snapshot, attempt, error);
    }
    warnOutcomeUnknown(context, attempt, error);
    return (snapshot) => (snapshot.progress.attempt?.id === attempt.id ? lostSight(snapshot) : undefined);
  }
}

/** The transition if Lalamove answered with an order. */
function answered(snapshot: Snapshot, { id }: DeliveryAttempt, order: OrderReading, now: number): Transition {
  const { orderId, total, currency, shareLink, priorityFee, status, driverId } = order;
  const { quotation } = snapshot.progress;
  const fields = {
    orderId,
    priorityFee,
    shareLink,
    total: total === '' ? (quotation?.total ?? '') : total,
    currency: currency === '' ? (quotation?.currency ?? '') : currency,
  };
  const transition = placed(snapshot, id, fields, now);
  // If the order already has a later status, it is read, so that the change is reported as usual.
  const isFresh = status === 'ASSIGNING_DRIVER' && driverId === '';
  return isFresh ? transition : followedBy(transition, needsRead(transition));
}

/** The transition if Lalamove certainly did not place the order. */
function notPlaced(
  { deliveries, failures }: CallContext,
  snapshot: DeliveryRecord,
  { id }: DeliveryAttempt,
  error: LalamoveException,
): Transition | undefined {
  const { attempt } = snapshot.progress;
  // If a webhook has named the order in the meantime, the order exists, despite this response.
  if (!isOpen(attempt) || attempt.id !== id) return undefined;
  const transition = refused(snapshot, id);
  // The quotation can no longer be ordered. This is a failure only if the policy allows no new quotation.
  if (isUsedUp(error) && !deliveries.policyOf(snapshot).requote) {
    return followedBy(transition, gaveUp(transition, reason('QUOTATION_EXPIRED')));
  }
  return followedBy(transition, failures.after(error, { ...snapshot, ...transition }));
}

/** Combines two transitions. The second one starts from the result of the first one. */
function followedBy(first: Transition, second: Transition): Transition {
  return {
    ...second,
    events: [...first.events, ...second.events],
    attempts: [...(first.attempts ?? []), ...(second.attempts ?? [])],
  };
}

function warnOutcomeUnknown({ record, logger }: CallContext, attempt: DeliveryAttempt, error: unknown): void {
  const fields = { delivery: record.reference, attempt: attempt.id, error: wordsOf(error) };
  const message = 'Nobody knows whether an order was placed: resolve({ orderId }) if you find it';
  say(logger, 'warn', logLine(message, fields));
}

/** Logs the order of the response if it already belongs to another attempt. */
function warnIfKnown(
  { logger }: CallContext,
  { record }: Decided,
  { reference, attemptId, orderId }: PostedAttempt,
): void {
  if (record.progress.reason?.code !== 'ORDER_ALREADY_KNOWN') return;
  const fields = { delivery: reference, attempt: attemptId, order: orderId };
  say(logger, 'error', logLine('Lalamove has answered with an order that another attempt has', fields));
}
