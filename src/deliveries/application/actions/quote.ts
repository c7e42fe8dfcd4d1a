import { createLalamoveException } from '../../../errors/create-exception.js';
import { LalamoveException } from '../../../errors/lalamove.exception.js';
import { reason } from '../../domain/reasons.js';
import { isCorrectedSince } from '../../domain/resolution.js';
import { gaveUp, quoted } from '../../domain/transitions.js';
import type { Change, Decided } from '../delivery-transaction.js';
import type { CallContext } from '../call-handler.js';
import { lalamoveExceptionOf } from '../failure-policy.js';
import { quotationOf } from '../lalamove-mapping.js';
import { placeOrder } from './place-order.js';

/** Requests a quotation, and places the order at once if that is the next action. */
export async function quote(context: CallContext): Promise<Decided> {
  const { service, record, persist, step, failures, now } = context;
  const { request } = record;
  if (!request) return persist((snapshot) => gaveUp(snapshot, reason('REQUEST_ERASED')));
  await step('quoting');
  const askedAt = now();
  const answer = await service.createQuotation(request.quotation).catch(lalamoveExceptionOf);
  await step('quoted');
  // A person may have corrected the request meanwhile: this answer is for the old one.
  const ifCurrent =
    (change: Change): Change =>
    (snapshot) =>
      isCorrectedSince(record, snapshot) ? undefined : change(snapshot);
  if (LalamoveException.is(answer)) return persist(ifCurrent((snapshot) => failures.after(answer, snapshot)));
  const quotation = quotationOf(answer, request, askedAt);
  if (!quotation) {
    const unusable = createLalamoveException('LALAMOVE_UNREADABLE_RESPONSE', { operation: 'createQuotation' });
    return persist(ifCurrent((snapshot) => failures.after(unusable, snapshot)));
  }
  if (quotation === 'unmatched') {
    return persist(ifCurrent((snapshot) => failures.needsHelp(snapshot, reason('STOPS_UNMATCHED'))));
  }
  return placeOrder(
    context,
    ifCurrent((snapshot) => quoted(snapshot, quotation)),
  );
}
