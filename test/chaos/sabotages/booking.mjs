// Sabotages of booking and of the attempts to place an order.
import { byTest, sabotage } from './sabotage.mjs';

/**
 * `npm test` runs chaos with this one: the attempt is committed after its order was posted.
 *
 * @type {import('./sabotage.mjs').Sabotage}
 */
export const ATTEMPT_AFTER_POST = {
  name: 'an attempt is committed after its POST',
  edits: [
    {
      file: 'src/deliveries/application/actions/place-order.ts',
      find: 'await trx.storage.reserveAttempt(decided.record, attempt, quotation);',
      replace: '',
    },
    {
      file: 'src/deliveries/application/actions/place-order.ts',
      find: 'const booking = await trx.change(id, (snapshot) => reserved(snapshot, attempt), { token, renewMs });',
      replace: 'const booking = decided;',
    },
    {
      file: 'src/deliveries/application/actions/place-order.ts',
      find: 'const booked = await answers.persist(',
      replace: `const { attempt, quotation } = reservation;
        await deliveries.transact(async (trx) => {
          await trx.storage.reserveAttempt(record, attempt, quotation);
          return trx.change(record.id, (snapshot) => reserved(snapshot, attempt), {});
        });
        const booked = await answers.persist(`,
    },
  ],
  caughtBy: 'chaos',
};

const PLACE = 'application/actions/place-order.ts';
const WORKER = 'application/delivery-worker.spec';
const GUARDS = 'application/delivery-guards.spec';
const DECIDE = 'domain/decide.spec';

/** @type {readonly import('./sabotage.mjs').Sabotage[]} */
export const BOOKING = [
  ATTEMPT_AFTER_POST,
  sabotage(
    'an unknown outcome is treated as a refusal',
    PLACE,
    'if (LalamoveException.is(error) && !isOutcomeUnknown(error)) {',
    'if (LalamoveException.is(error)) {',
    'chaos',
  ),
  sabotage(
    'a POST is repeated after an ambiguous answer',
    PLACE,
    'warnOutcomeUnknown(context, attempt, error);\n',
    'return post(context, request, { attempt, quotation, leased }, posted);\n',
    'chaos',
  ),
  sabotage(
    'an attempt that a crash left open is treated as refused',
    'domain/decide.ts',
    "return { do: 'doubt' };",
    "return { do: 'abandon' };",
    'chaos',
  ),
  sabotage(
    'a late answer is dropped',
    PLACE,
    'deliveries.change(record.id, result, { yields: token })',
    'deliveries.change(record.id, result, { token, yields: token })',
    'chaos',
  ),
  sabotage(
    'an order is posted although its lease has ended',
    PLACE,
    'if (deliveries.storage.leaseMsLeft(leased) > 0) return;',
    'if (attempt) return;',
    byTest(WORKER, 'posts nothing and marks its attempt as refused'),
  ),
  sabotage(
    'a POST goes on after its lease has ended',
    PLACE,
    '{ requestId: requestIdOf(attempt.id), signal }',
    '{ requestId: requestIdOf(attempt.id) }',
    byTest(GUARDS, 'aborts a POST and its retries when the lease ends'),
  ),
  sabotage(
    'a refusal beats the webhook that has named the order',
    PLACE,
    'if (!isOpen(attempt) || attempt.id !== id) return undefined;',
    '',
    byTest(WORKER, 'books once if ORDER_CREATED arrives before a refusal'),
  ),
  sabotage(
    'an answer that could not be stored is not stored again',
    'application/posted-answers.ts',
    'if (isFinal) throw error;',
    'throw error;',
    byTest('application/posted-answers.spec', 'retries while the database error is temporary'),
  ),
  sabotage(
    'an order that another attempt has is adopted',
    'application/delivery-transaction.ts',
    'if (owner && owner.id !== id) return { id, orderId };',
    '',
    byTest('known-orders.e2e-spec', 'stays with that delivery, and the new delivery needs attention'),
  ),
  sabotage(
    'a person can give a delivery the order of another one',
    'application/found-orders.ts',
    'if (owner && owner.deliveryId !== id) {',
    'if (owner === null) {',
    byTest('known-orders.e2e-spec', 'but not by an order of another delivery'),
  ),
  sabotage(
    'the outcome of an attempt is not stored',
    'application/delivery-transaction.ts',
    'await this.storage.settleAttempts(attempts, now);',
    '',
    byTest(GUARDS, 'drops a decision to book again when a webhook comes'),
  ),
  sabotage(
    'the same reference with a different request is accepted',
    'application/delivery-commands.ts',
    'if (!isSameRequest(record, asked)) {',
    'if (record === undefined) {',
    byTest('deliveries-service.e2e-spec', 'refuses a different request'),
  ),
  sabotage(
    'a request is corrected although an order with the old one may exist',
    'application/delivery-commands.ts',
    'if (!request || !isCorrectable(record, now)) throw notCorrectable(record);',
    'if (!request) throw notCorrectable(record);',
    byTest('corrections.e2e-spec', 'is not corrected while an order of it may exist'),
  ),
  sabotage(
    'a request is corrected although the order of an attempt that a person gave up may turn up',
    'domain/resolution.ts',
    'now < Math.max(lost?.until ?? 0, uncorrectableUntil)',
    'now < uncorrectableUntil',
    byTest('corrections.e2e-spec', 'is not corrected for a day after a person has rebooked'),
  ),
  sabotage(
    'a corrected delivery is ordered by a quotation for the old request',
    'application/actions/quote.ts',
    'isCorrectedSince(record, snapshot) ? undefined : change(snapshot);',
    'isCorrectedSince(record, record) ? undefined : change(snapshot);',
    byTest('corrections.e2e-spec', 'is not ordered by a quotation for the request before the correction'),
  ),
  sabotage(
    'the price limit is ignored',
    'domain/decide.ts',
    'if (maxPrice !== undefined && exceeds(quotation.total, maxPrice) !== false) {',
    'if (maxPrice === null) {',
    byTest(DECIDE, 'books at exactly maxPrice'),
  ),
  sabotage(
    'a price that cannot be compared is paid',
    'domain/decide.ts',
    'exceeds(quotation.total, maxPrice) !== false) {',
    'exceeds(quotation.total, maxPrice) === true) {',
    byTest(DECIDE, 'books at exactly maxPrice'),
  ),
  sabotage(
    'an expired quotation is ordered',
    'domain/decide.ts',
    'if (quotation.expiresAt - QUOTATION_MARGIN_MS <= now) {',
    'if (quotation.expiresAt < 0) {',
    byTest(DECIDE, 'orders a quotation until 15 s before it expires'),
  ),
  sabotage(
    'a new quotation is requested although the policy forbids it',
    'domain/decide.ts',
    "return policy.requote ? { do: 'quote' }",
    "return policy ? { do: 'quote' }",
    byTest(DECIDE, 'requests a new one after that'),
  ),
  sabotage(
    'a refused quotation is used again',
    'domain/transitions.ts',
    "quotation: undefined,\n      attempt: { ...attempt, outcome: 'refused' },",
    "attempt: { ...attempt, outcome: 'refused' },",
    byTest('policies.e2e-spec', 'requests a new quotation if Lalamove calls it expired'),
  ),
  sabotage(
    'an order is booked again more often than the policy allows',
    'domain/decide.ts',
    "if (booked < most) return { do: 'rebook' };",
    "if (most > 0) return { do: 'rebook' };",
    byTest(DECIDE, 'up to maxAttempts orders in total'),
  ),
  sabotage(
    'an unknown outcome is given up before its wait is over',
    'domain/decide.ts',
    "if (now < until) return { do: 'wait', until };\n  // Each round",
    '// Each round',
    byTest(DECIDE, 'holds an unknown outcome until its quotation has expired'),
  ),
  sabotage(
    'attempts that were given up are forgotten',
    'domain/transitions.ts',
    "lost: withAbandoned(progress, because === 'RESOLVED'),",
    'lost: undefined,',
    byTest('lost-answers.e2e-spec', 'is booked again if the policy says so, and a late first order is cancelled'),
  ),
  sabotage(
    'a delivery ends although an attempt was given up with an unknown outcome',
    'domain/adoption.ts',
    '!end.progress.lost?.unknown ? end : needsToVouch(end)',
    'end.events ? end : needsToVouch(end)',
    byTest('wrong-ends.e2e-spec', 'while an abandoned order may still be active'),
  ),
  sabotage(
    'failures of Lalamove never lead to a person',
    'application/failure-policy.ts',
    'if (snapshot.progress.failures + 1 >= maxFailures) {',
    'if (maxFailures < 0) {',
    byTest('lost-answers.e2e-spec', 'needs a person if Lalamove fails for hours'),
  ),
  sabotage(
    'the refusal of a proxy counts as one of Lalamove',
    'application/failure-policy.ts',
    'return !isForeign && upstreamStatus !== undefined && [403, 404, 409, 422]',
    'return upstreamStatus !== undefined && [403, 404, 409, 422]',
    byTest('refusals.e2e-spec', 'retries its cancellation if a firewall refuses it'),
  ),
];
