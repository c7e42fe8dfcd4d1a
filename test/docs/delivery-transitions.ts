import { cancelAsked, canceled, cancellationSettled, cancelRefused } from '../../src/deliveries/domain/cancellation.js';
import { adopted, activeOrder } from '../../src/deliveries/domain/adoption.js';
import { decide, type Action } from '../../src/deliveries/domain/decide.js';
import {
  isTerminal,
  newProgress,
  type DeliveryAttempt,
  type DeliveryState,
} from '../../src/deliveries/domain/delivery-progress.js';
import { DEFAULT_POLICY, type DeliveryPolicy } from '../../src/deliveries/domain/delivery-policy.js';
import {
  abandoned,
  driverChangeAsked,
  failed,
  feeRaised,
  feeStepOver,
  gaveUp,
  heldUp,
  needsRead,
  lostSight,
  placed,
  quoted,
  quoting,
  rebooked,
  refused,
  reserved,
} from '../../src/deliveries/domain/transitions.js';
import { duplicateChanged, duplicateFound, duplicateRefused } from '../../src/deliveries/domain/duplicates.js';
import { cloneAlreadyKnown, orderAlreadyKnown } from '../../src/deliveries/domain/known-order.js';
import type { Transition, Snapshot } from '../../src/deliveries/domain/transition.js';
import {
  driverUpdated,
  readAfterEnd,
  readAs,
  replaced,
  statusUpdated,
} from '../../src/deliveries/domain/order-updates.js';
import { reason } from '../../src/deliveries/domain/reasons.js';

/** A change of a delivery's state, and its possible causes. */
export interface StateChange {
  readonly from: DeliveryState;
  readonly to: DeliveryState;
  readonly by: readonly string[];
}

/** A possible state of a delivery at a time. */
interface Node {
  readonly snapshot: Snapshot;
  readonly now: number;
  readonly unmatched: readonly string[];
}

/** A step to another node. */
interface Step extends Node {
  readonly by: string;
}

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 11, 1);
const LIMIT = '100';
const STATUSES = ['ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'COMPLETED', 'CANCELED', 'REJECTED', 'EXPIRED'];
const REFUSAL = { code: 'ERR_INSUFFICIENT_CREDIT', message: 'refused' };

/** Policies that together allow every transition. */
const POLICIES: readonly DeliveryPolicy[] = [
  { ...DEFAULT_POLICY, rebook: { maxAttempts: 2 }, raiseFee: [{ afterMinutes: 5, priorityFee: '1' }] },
  { ...DEFAULT_POLICY, rebook: false, requote: false, unknownOutcome: { waitMinutes: 10, then: 'rebook' } },
];

/**
 * Finds every change of state of a delivery. It starts with a new delivery and applies every action of the worker,
 * webhooks, the host and time.
 */
export function deliveryTransitions(): StateChange[] {
  const found = new Map<string, { from: DeliveryState; to: DeliveryState; by: Set<string> }>();
  for (const policy of POLICIES) {
    const first: Node = {
      snapshot: { state: 'requested', progress: newProgress(START, LIMIT) },
      now: START,
      unmatched: [],
    };
    const seen = new Set<string>();
    const ahead: Node[] = [first];
    for (let node = ahead.pop(); node; node = ahead.pop()) {
      const action = decideAt(node, policy);
      const key = keyOf(node, action);
      if (seen.has(key) || (node.snapshot.progress.duplicates?.length ?? 0) > 1) continue;
      seen.add(key);
      for (const step of stepsFrom(node, action, policy)) {
        const { state: from } = node.snapshot;
        const { state: to } = step.snapshot;
        if (from !== to) {
          const edge = found.get(`${from} ${to}`) ?? { from, to, by: new Set() };
          edge.by.add(isAdoption(step.snapshot) ? 'duplicate' : step.by);
          found.set(`${from} ${to}`, edge);
        }
        ahead.push(step);
      }
    }
  }
  return [...found.values()].map(({ from, to, by }) => ({ from, to, by: [...by].sort() }));
}

/** The cause is named by the event: a duplicate has become the live order. */
function isAdoption(snapshot: Snapshot | Transition): boolean {
  return 'events' in snapshot && snapshot.events.some(({ type }) => type === 'duplicate_adopted');
}

function decideAt({ snapshot, now, unmatched }: Node, policy: DeliveryPolicy): Action {
  return decide({ ...snapshot, scheduleAt: undefined, unmatched }, policy, now);
}

/** Nodes with the same next steps have the same key, so that the search ends. */
function keyOf({ snapshot, unmatched }: Node, { do: action }: Action): string {
  const { state, progress } = snapshot;
  const { order, attempt } = progress;
  const [duplicate] = progress.duplicates ?? [];
  // The next steps of a duplicate do not depend on the rest.
  if (duplicate) {
    const { cancelRefused, needsRead, replacement } = duplicate;
    return [
      state,
      action,
      order?.status,
      duplicate.order.status,
      cancelRefused,
      needsRead,
      replacement?.isAnnounced,
    ].join();
  }
  return [
    state,
    action,
    unmatched.length,
    Math.min(progress.booked, 2),
    attempt?.outcome,
    progress.quotation?.total,
    order?.status,
    order?.orderId.length,
    progress.cancelAskedAt !== undefined,
    progress.cancelRefused,
    progress.replacement?.isAnnounced,
    progress.needsRead,
    progress.lost !== undefined,
  ].join();
}

function stepsFrom(node: Node, action: Action, policy: DeliveryPolicy): Step[] {
  return [
    ...byWorker(node, action, policy),
    ...withoutAccount(node, action),
    ...withoutOrder(node, action),
    ...byWebhook(node, policy),
    ...byHost(node),
  ];
}

/** Actions that call Lalamove fail for an unknown account, or if its keys are not available. */
function withoutAccount({ snapshot, now, unmatched }: Node, { do: action }: Action): Step[] {
  const { state } = snapshot;
  if (!CALLS.has(action) || isTerminal(state) || state === 'needs_attention') return [];
  return ['ACCOUNT_UNKNOWN', 'ACCOUNT_UNAVAILABLE'].map((code) => ({
    by: code,
    snapshot: gaveUp(snapshot, { code, message: code }),
    ...{ now, unmatched },
  }));
}

/** Lalamove says again and again that there is no such order. */
function withoutOrder({ snapshot, now, unmatched }: Node, { do: action }: Action): Step[] {
  const { state } = snapshot;
  if (action !== 'read' || isTerminal(state) || state === 'needs_attention') return [];
  const code = 'ORDER_NOT_FOUND';
  return [{ by: code, snapshot: gaveUp(snapshot, { code, message: code }), ...{ now, unmatched } }];
}

const CALLS = new Set([
  'quote',
  'book',
  'identify',
  'cancel',
  'cancel-duplicate',
  'read-duplicate',
  'read',
  'raise-fee',
  'change-driver',
]);

function byWorker({ snapshot, now, unmatched }: Node, action: Action, policy: DeliveryPolicy): Step[] {
  const { state, progress } = snapshot;
  const { order, attempt } = progress;
  const to = (by: string, next: Snapshot, later = now): Step => ({ by, snapshot: next, now: later, unmatched });
  switch (action.do) {
    case 'rest':
      return [];
    case 'wait':
      // It looks repeatedly for webhooks of a replacing order, which changes nothing.
      return [to('time', snapshot, Math.max(action.until, progress.replacement?.until ?? 0))];
    case 'quote': {
      // Committed before the call, so that the result of the call arrives in the state quoting.
      const asked = quoting(snapshot);
      if (state === 'requested') return [to('quote', asked)];
      const quotation = { quotationId: '1', expiresAt: now + 5 * MINUTE_MS, currency: 'HKD', stopIds: ['1', '2'] };
      return [
        to('quote', quoted(asked, { ...quotation, total: '90' })),
        to('quote', quoted(asked, { ...quotation, total: '110' })),
        to('refused', gaveUp(asked, REFUSAL)),
        to('STOPS_UNMATCHED', gaveUp(asked, reason('STOPS_UNMATCHED'))),
      ];
    }
    case 'book': {
      const next: DeliveryAttempt = {
        id: `attempt ${progress.booked + 1}`,
        number: progress.booked + 1,
        quotationId: progress.quotation?.quotationId ?? '',
        quotationExpiresAt: progress.quotation?.expiresAt ?? now,
        outcome: 'reserved',
        reservedAt: now,
      };
      return [to('reserve', reserved(snapshot, next)), to('time', snapshot, now + 6 * MINUTE_MS)];
    }
    case 'doubt':
      // No worker has it any more, or its answer arrives.
      return [
        to('crash', lostSight(snapshot)),
        ...(attempt
          ? [
              to('placed', placed(snapshot, attempt.id, { orderId: 'o' }, now)),
              to('ORDER_ALREADY_KNOWN', orderAlreadyKnown(snapshot, attempt.id, 'o')),
              to('refused', gaveUp(refused(snapshot, attempt.id), REFUSAL)),
              to('refused', refused(snapshot, attempt.id)),
            ]
          : []),
      ];
    case 'identify':
      return [
        { by: 'nothing', snapshot, now, unmatched: [] },
        ...(attempt
          ? [
              to('placed', placed(snapshot, attempt.id, { orderId: 'o' }, now)),
              to('ORDER_ALREADY_KNOWN', orderAlreadyKnown(snapshot, attempt.id, 'o')),
            ]
          : []),
      ];
    case 'abandon':
      return [to('OUTCOME_UNKNOWN and rebook', abandoned(snapshot, 'OUTCOME_UNKNOWN'))];
    case 'cancel':
      return [
        to('cancel', canceled(snapshot)),
        to('cancel refused', cancelRefused(snapshot, action.orderId, 'ERR_CANCELLATION_FORBIDDEN')),
        to('refused', state === 'needs_attention' ? heldUp(snapshot, now + MINUTE_MS) : gaveUp(snapshot, REFUSAL)),
      ];
    case 'cancel-duplicate':
      return [
        to('duplicate', duplicateChanged(snapshot, action.orderId, canceled)),
        to('duplicate', duplicateRefused(snapshot, action.orderId, 'ERR_CANCELLATION_FORBIDDEN')),
      ];
    case 'read-duplicate':
      return STATUSES.map((status) =>
        to(
          'duplicate',
          duplicateChanged(snapshot, action.orderId, (alone) =>
            readAs(
              alone,
              { ...READING, orderId: action.orderId, status },
              alone.progress.order?.statusAt ?? 0,
              policy,
              now,
            ),
          ),
        ),
      );
    case 'adopt-duplicate':
      return [to('duplicate', adopted(snapshot, action.orderId))];
    case 'drop':
      return [to('cancel', canceled(snapshot))];
    case 'read':
      if (state === 'canceled') {
        return STATUSES.map((status) =>
          to(status, readAfterEnd(snapshot, { ...READING, orderId: action.orderId, status }, policy, now)),
        );
      }
      return STATUSES.map((status) =>
        to(
          status,
          readAs(snapshot, { ...READING, orderId: action.orderId, status }, order?.statusAt ?? 0, policy, now),
        ),
      );
    case 'raise-fee':
      return [to('fee', feeRaised(needsRead(feeStepOver(snapshot, action.step)), action.orderId, action.priorityFee))];
    case 'skip-fee':
      return [to('fee', feeStepOver(snapshot, action.step))];
    case 'change-driver':
      return [to('driver', driverChangeAsked(snapshot, action.orderId, action.driverId))];
    case 'rebook':
      return [to(order?.status ?? '', rebooked(snapshot))];
    case 'settle-cancellation': {
      const settled = cancellationSettled(snapshot);
      return [to(settled.progress.reason?.code ?? '', settled)];
    }
    case 'fail':
      return [to(action.reason.code, failed(snapshot, action.reason))];
    case 'give-up':
      return [to(action.reason.code, gaveUp(snapshot, action.reason))];
  }
}

const READING = { driverId: 'd', total: '90', priorityFee: '', currency: 'HKD', shareLink: '' };

function byWebhook({ snapshot, now, unmatched }: Node, policy: DeliveryPolicy): Step[] {
  const { progress } = snapshot;
  const { order, attempt } = progress;
  const to = (by: string, next: Snapshot): Step => ({ by, snapshot: next, now, unmatched });
  const isOpen = attempt !== undefined && ['reserved', 'unknown', 'abandoned'].includes(attempt.outcome);
  const steps = isOpen
    ? [
        to('placed', placed(snapshot, attempt.id, { orderId: 'o' }, now)),
        { by: 'nothing', snapshot, now, unmatched: ['o'] },
      ]
    : [];
  // One duplicate is enough, because another one would be tracked in the same way.
  if (progress.lost && !progress.duplicates && order?.orderId !== 'd') {
    steps.push(to('duplicate', duplicateFound(snapshot, { orderId: 'd' }, now, {})));
  }
  if (!order) return steps;
  const signedAt = Math.max(now + 60 * MINUTE_MS, order.statusAt + 1);
  return [
    ...steps,
    ...STATUSES.flatMap((status) =>
      (status === 'CANCELED' ? [undefined, 'USER', 'LALAMOVE_CUSTOMER_SUPPORT'] : [undefined]).map((cancelParty) =>
        to(status, statusUpdated(snapshot, { status, driverId: 'd', cancelParty }, signedAt, policy, now)),
      ),
    ),
    to('driver', driverUpdated(snapshot, 'd', signedAt, now)),
    ...(order.orderId.length < 3
      ? [
          to('ORDER_REPLACED', replaced(snapshot, { prevOrderId: order.orderId, orderId: `${order.orderId}o` }, now)),
          to('ORDER_ALREADY_KNOWN', cloneAlreadyKnown(snapshot, { prevOrderId: order.orderId, orderId: 'o' })),
        ]
      : []),
  ];
}

function byHost({ snapshot, now, unmatched }: Node): Step[] {
  const { state, progress } = snapshot;
  const to = (by: string, next: Snapshot): Step => ({ by, snapshot: next, now, unmatched });
  const steps = isTerminal(state) ? [] : [to('cancel()', cancelAsked(snapshot, now))];
  if (state !== 'needs_attention') return steps;
  const { attempt } = progress;
  const settled = attempt?.outcome === 'unknown' ? { ...attempt, outcome: 'abandoned' as const } : attempt;
  const found = { ...progress, order: undefined, attempt: attempt && { ...attempt, outcome: 'unknown' as const } };
  const alone = { ...progress, duplicates: undefined };
  return [
    ...steps,
    ...(activeOrder(progress)
      ? []
      : [
          to('resolve rebook', abandoned({ state, progress: alone }, 'RESOLVED')),
          to('resolve cancel', canceled({ state, progress: { ...alone, attempt: settled, cancelAskedAt: now } })),
        ]),
    ...(attempt ? [to('resolve orderId', placed({ state, progress: found }, attempt.id, { orderId: 'o' }, now))] : []),
  ];
}
