// Sabotages of following orders: statuses, cancellations, replacements, duplicates, fees.
import { byTest, sabotage } from './sabotage.mjs';

const UPDATES = 'domain/order-updates.spec';

/** @type {readonly import('./sabotage.mjs').Sabotage[]} */
export const ORDERS = [
  sabotage(
    'an older status is applied over a newer one',
    'domain/order-updates.ts',
    'if (!order || signedAt < order.statusAt) return unchanged(snapshot);\n  if (isTerminal',
    'if (!order) return unchanged(snapshot);\n  if (isTerminal',
    byTest(UPDATES, 'is applied if it is newer, and dropped if it is older'),
  ),
  sabotage(
    'of two statuses that were signed at the same time the last one holds',
    'domain/order-updates.ts',
    'const isTie = signedAt === order.statusAt;',
    'const isTie = false;',
    byTest(UPDATES, 'requests a read if its order in time is unclear'),
  ),
  sabotage(
    'a read overwrites a webhook that arrived during it',
    'domain/order-updates.ts',
    'if (order.statusAt !== statusAtBefore && order.status !== reading.status && ' +
      '!ENDED_STATUSES.has(reading.status)) {',
    'if (order.statusAt < 0) {',
    byTest(UPDATES, 'that arrives during a read requests another read'),
  ),
  sabotage(
    'an order is not read although a webhook asks for it',
    'domain/decide.ts',
    "if (progress.needsRead) return { do: 'read', orderId };\n  if (ENDED",
    'if (ENDED',
    byTest('cancellations.e2e-spec', 'tracks the replacing order'),
  ),
  sabotage(
    'an order is never polled',
    'domain/next-poll.ts',
    'if (!poll) return undefined;',
    'return undefined;',
    byTest('domain/decide.spec', 'polls with growing intervals'),
  ),
  sabotage(
    'every cancellation counts as our own',
    'domain/order-updates.ts',
    "cancelParty === 'USER' : progress.cancelSent === orderId;",
    "cancelParty !== '' : true;",
    byTest(UPDATES, 'CANCELED is final if the account itself cancelled'),
  ),
  sabotage(
    'a cancellation that was asked for is forgotten',
    'domain/cancellation.ts',
    'cancelAskedAt: now,\n      retryAt',
    'retryAt',
    byTest('domain/cancellation.spec', 'is requested once'),
  ),
  sabotage(
    'a cancellation is sent before it is committed',
    'application/actions/cancel-order.ts',
    'if (!wasSent) await persistIntent(changed((snapshot) => cancelSent(snapshot, orderId)));',
    '',
    byTest('application/delivery-guards.spec', 'recognizes its own cancellation after a crash that lost the answer'),
  ),
  sabotage(
    'a refused cancellation is sent again and again',
    'domain/cancellation.ts',
    'cancelRefused: true,\n      needsRead: true,',
    'needsRead: true,',
    byTest('domain/cancellation.spec', 'that is refused lets the delivery go on, is not repeated'),
  ),
  sabotage(
    'a replacing order is ignored',
    'domain/order-updates.ts',
    'if (snapshot.progress.order?.orderId === prevOrderId) return replaced(snapshot, ' +
      'clone, now);\n  if (!duplicateOf(snapshot, prevOrderId)) return cloneFound',
    'if (snapshot.progress.order?.orderId === prevOrderId) return ' +
      'unchanged(snapshot);\n  if (!duplicateOf(snapshot, prevOrderId)) return cloneFound',
    byTest('application/delivery-guards.spec', 'cancels no order if a replacement is reported again'),
  ),
  sabotage(
    'a replacing order gets no attempt',
    'application/delivery-transaction.ts',
    'if (clone) await this.storage.addClone(record, clone);',
    '',
    byTest('application/delivery-guards.spec', 'cancels no order if a replacement is reported again'),
  ),
  sabotage(
    'a replacing order of another delivery is adopted',
    'application/delivery-transaction.ts',
    'return owner && owner.deliveryId !== id ? cloneAlreadyKnown(before, clone) : transition;',
    'return owner === null ? cloneAlreadyKnown(before, clone) : transition;',
    byTest('known-orders.e2e-spec', 'a replacing order that belongs to another delivery stays with that delivery'),
  ),
  sabotage(
    'a duplicate order is not cancelled',
    'domain/decide-duplicates.ts',
    "if (!cancelRefused && !restored) return { do: 'cancel-duplicate', orderId };",
    '',
    byTest('lost-answers.e2e-spec', 'its order is cancelled if it appears later'),
  ),
  sabotage(
    'a duplicate order that Lalamove does not cancel is not followed',
    'domain/duplicates.ts',
    '...(isGone ? [] : [becameDuplicate(progress, order)]),',
    '...(isGone || progress.cancelRefused ? [] : [becameDuplicate(progress, order)]),',
    byTest('duplicates.e2e-spec', 'that Lalamove no longer cancels'),
  ),
  sabotage(
    'a delivery ends as canceled beside an active duplicate order',
    'domain/adoption.ts',
    'const successor = isTerminal(before.state) ? undefined : successorOf({ ...end.progress, order: undefined });',
    'const successor = isTerminal(before.state) ? undefined : successorOf({ ' +
      '...end.progress, order: undefined, duplicates: [] });',
    byTest('duplicates.e2e-spec', 'keeps the delivery from becoming canceled'),
  ),
  sabotage(
    'a duplicate that keeps failing blocks the live order',
    'application/actions/duplicates.ts',
    'return duplicateHeldUp(snapshot, orderId, failures.retryAt(before, error));',
    'return failures.later(snapshot, error ?? (before > 0 ? undefined : error));',
    byTest('duplicates.e2e-spec', 'blocks neither the reads of the live order nor its cancellation'),
  ),
  sabotage(
    'a priority fee is raised again after a lost answer',
    'application/actions/raise-fee.ts',
    'await persistIntent((snapshot) => needsRead(feeStepOver(snapshot, step)));',
    'if (step < 0) await persistIntent((snapshot) => needsRead(feeStepOver(snapshot, step)));',
    byTest('policies.e2e-spec', 'nor again after a lost answer'),
  ),
  sabotage(
    'a priority fee above the price limit is paid',
    'domain/decide.ts',
    'if (!isMore || isDear) return',
    'if (!isMore) return',
    byTest('domain/decide.spec', 'raises the fee at its time and within maxPrice'),
  ),
  sabotage(
    'another driver is asked for more often than the policy allows',
    'domain/decide.ts',
    'progress.driverChanges < policy.changeDriver.maxChanges\n',
    'policy.changeDriver.maxChanges > 0\n',
    byTest('domain/decide.spec', 'up to maxChanges times'),
  ),
  sabotage(
    'a decision is carried out although the delivery has changed since',
    'application/action-handler.ts',
    'current.version === record.version ? transition(current, action) : undefined',
    'transition(current, action)',
    byTest('application/delivery-guards.spec', 'drops a decision to book again when a webhook comes'),
  ),
];
