import type { Order } from '../../../api/answers/order.js';
import { ATTEMPT_KEY } from '../../../api/requests/attempt-metadata.js';
import { LalamoveException } from '../../../errors/lalamove.exception.js';
import { unreadHeldUp, unreadLeft, unreadRead } from '../../domain/duplicates.js';
import { CANCELED_STATUSES } from '../../../api/order-status.js';
import { namedAgain, replaced, type OrderReading } from '../../domain/order-updates.js';
import type { OrderClone, Snapshot, Transition } from '../../domain/transition.js';
import { needsRead, placed } from '../../domain/transitions.js';
import type { StorageTransaction } from '../../storage/storage.js';
import type { KnownAttempt } from '../../storage/stored-types.js';
import type { Change, Decided } from '../delivery-transaction.js';
import type { ActionContext, ActionOf } from '../action-handler.js';
import type { CallContext } from '../call-handler.js';
import { isGone, lalamoveExceptionOf } from '../failure-policy.js';
import { readingOf } from '../lalamove-mapping.js';
import { recoverAttempt } from '../recovered-attempts.js';

/**
 * An order that one delivery reads is left to it for this time, in ms, but not longer than the lease of its worker. A
 * read usually takes less.
 */
const CLAIM_MS = 30_000;

/** The pause before another delivery looks whether the order is still unmatched, in ms. */
const LEFT_MS = 5000;

/** Data of an unmatched webhook's order that identifies its attempt. */
interface AttemptClues {
  /** Empty if unknown. */
  readonly quotationId: string;
  /** From the order's metadata. */
  readonly attemptId?: string | undefined;
  /** The other order that the attempt already has. */
  readonly otherOrder?: OrderReading | undefined;
}

/** Finds the delivery of an unmatched webhook's order, while the outcome of an attempt is unknown. */
export async function identifyOrder(context: CallContext, { orderId }: ActionOf<'identify'>): Promise<Decided> {
  const { deliveries, record, persist, step, wake, now, leaseMs } = context;
  const claim = { account: record.account, orderId, by: record.id, ms: Math.min(CLAIM_MS, leaseMs) };
  if (!(await deliveries.storage.claimRead(claim))) {
    return persist((snapshot) => unreadLeft(snapshot, orderId, now() + LEFT_MS));
  }
  await step('reading');
  const clues = await fetchClues(context, orderId);
  if (LalamoveException.is(clues)) return persist((snapshot) => unreadLater(context, snapshot, orderId, clues));
  await step('read');
  const owner = await assignOrder(context, orderId, clues);
  // If the order belongs to another delivery, wake that delivery.
  if (owner?.record.dueAt !== undefined && owner.record.id !== record.id) wake(owner.record.id, owner.record.dueAt);
  return persist((snapshot) => unreadRead(snapshot, orderId));
}

/** Retries an order that could not be read. The retry does not delay the live order. */
export function retryUnread(context: ActionContext, snapshot: Snapshot, { orderId }: ActionOf<'identify'>): Transition {
  return unreadLater(context, snapshot, orderId);
}

function unreadLater(
  { failures }: ActionContext,
  snapshot: Snapshot,
  orderId: string,
  error?: LalamoveException,
): Transition {
  const { failures: before = 0 } = snapshot.progress.unread?.find((unread) => unread.orderId === orderId) ?? {};
  return unreadHeldUp(snapshot, orderId, failures.retryAt(before, error));
}

/**
 * Reads the order and, if its attempt has another order, that order too.
 *
 * @returns the exception if a later read may succeed; if an order does not exist, the data that is known without it
 */
async function fetchClues(
  { service, deliveries, record: { account } }: CallContext,
  orderId: string,
): Promise<AttemptClues | LalamoveException> {
  let clues: AttemptClues = { quotationId: '' };
  try {
    clues = cluesOf(await service.getOrder(orderId));
    const known = (await attemptBy(deliveries.storage, account, clues))?.orderId ?? orderId;
    if (known === orderId) return clues;
    // The other order's status shows whether this order is its clone or a duplicate.
    return { ...clues, otherOrder: readingOf(await service.getOrder(known)) };
  } catch (error) {
    const exception = lalamoveExceptionOf(error);
    return isGone(exception) ? clues : exception;
  }
}

function cluesOf({ quotationId, metadata }: Order): AttemptClues {
  return {
    quotationId: typeof quotationId === 'string' ? quotationId : '',
    attemptId: metadata?.[ATTEMPT_KEY],
  };
}

async function attemptBy(
  storage: Pick<StorageTransaction, 'attemptOf'>,
  account: string,
  { attemptId, quotationId }: AttemptClues,
): Promise<KnownAttempt | undefined> {
  const named = attemptId === undefined ? undefined : await storage.attemptOf(account, { attemptId });
  if (named || quotationId === '') return named;
  return storage.attemptOf(account, { quotationId });
}

/**
 * Assigns the order to the delivery that placed it.
 *
 * @returns that delivery; `undefined` if the order belongs to no stored delivery
 */
async function assignOrder(
  { deliveries, record: { account }, now }: CallContext,
  orderId: string,
  clues: AttemptClues,
): Promise<Decided | undefined> {
  return deliveries.transact(async (trx) => {
    await trx.storage.markIdentified(account, orderId, clues.quotationId);
    const attempt =
      (await attemptBy(trx.storage, account, clues)) ?? (await recoverAttempt(trx, account, clues, now()));
    if (!attempt) return undefined;
    const { id, deliveryId: owner, orderId: known } = attempt;
    if (known !== undefined && known !== orderId) {
      return trx.change(owner, besideKnown({ prevOrderId: known, orderId }, clues, now));
    }
    await trx.change(owner, (snapshot) => placed(snapshot, id, { orderId }, now()));
    return trx.change(owner, needsRead);
  });
}

/** The attempt already has another order. This order replaces it if it is cancelled; if not, this is a duplicate. */
function besideKnown(clone: OrderClone, { otherOrder }: AttemptClues, now: () => number): Change {
  const isCanceled = otherOrder !== undefined && CANCELED_STATUSES.has(otherOrder.status);
  return (snapshot) =>
    isCanceled && snapshot.progress.order?.orderId === clone.prevOrderId
      ? replaced(snapshot, clone, now())
      : namedAgain(snapshot, clone, -1, now());
}
