import { cancelAsked, canceled, cancellationSettled, cancelRefused } from '../../src/deliveries/domain/cancellation.js';
import { adopted, orderOnItsWay } from '../../src/deliveries/domain/adoption.js';
import { decide, type Action } from '../../src/deliveries/domain/decide.js';
import {
  isTerminal,
  newCourse,
  type CourseAttempt,
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
  inDoubt,
  lostSight,
  placed,
  quoted,
  quoting,
  rebooked,
  refused,
  reserved,
} from '../../src/deliveries/domain/transitions.js';
import { duplicateChanged, duplicateFound, duplicateKept } from '../../src/deliveries/domain/duplicates.js';
import { cloneAlreadyKnown, orderAlreadyKnown } from '../../src/deliveries/domain/known-order.js';
import type { Evolution, Standing } from '../../src/deliveries/domain/transition.js';
import { driverTold, readAfterEnd, readAs, replaced, told } from '../../src/deliveries/domain/order-updates.js';
import { reason } from '../../src/deliveries/domain/reasons.js';

/** A change of a delivery's state, and all that can bring it about. */
export interface Transition {
  readonly from: DeliveryState;
  readonly to: DeliveryState;
  readonly by: readonly string[];
}

/** Where a delivery may stand, and when. */
interface Node {
  readonly standing: Standing;
  readonly now: number;
  readonly unmatched: readonly string[];
}

/** What leads on from there. */
interface Step extends Node {
  readonly by: string;
}

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 11, 1);
const LIMIT = '100';
const STATUSES = ['ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'COMPLETED', 'CANCELED', 'REJECTED', 'EXPIRED'];
const REFUSAL = { code: 'ERR_INSUFFICIENT_CREDIT', message: 'refused' };

/** Policies that open every way there is. */
const POLICIES: readonly DeliveryPolicy[] = [
  { ...DEFAULT_POLICY, rebook: { maxAttempts: 2 }, raiseFee: [{ afterMinutes: 5, priorityFee: '1' }] },
  { ...DEFAULT_POLICY, rebook: false, requote: false, unknownOutcome: { waitMinutes: 10, then: 'rebook' } },
];

/** Every change of state that a delivery can go through: by walking on from a new one over all that the worker, webhooks, a host and time can do to it. */
export function deliveryTransitions(): Transition[] {
  const found = new Map<string, { from: DeliveryState; to: DeliveryState; by: Set<string> }>();
  for (const policy of POLICIES) {
    const first: Node = {
      standing: { state: 'requested', course: newCourse(START, LIMIT) },
      now: START,
      unmatched: [],
    };
    const seen = new Set<string>();
    const ahead: Node[] = [first];
    for (let node = ahead.pop(); node; node = ahead.pop()) {
      const action = decideAt(node, policy);
      const key = keyOf(node, action);
      if (seen.has(key) || (node.standing.course.duplicates?.length ?? 0) > 1) continue;
      seen.add(key);
      for (const step of stepsFrom(node, action, policy)) {
        const { state: from } = node.standing;
        const { state: to } = step.standing;
        if (from !== to) {
          const edge = found.get(`${from} ${to}`) ?? { from, to, by: new Set() };
          edge.by.add(isAdoption(step.standing) ? 'duplicate' : step.by);
          found.set(`${from} ${to}`, edge);
        }
        ahead.push(step);
      }
    }
  }
  return [...found.values()].map(({ from, to, by }) => ({ from, to, by: [...by].sort() }));
}

/** Whatever has brought it about: a duplicate has become the live order. */
function isAdoption(standing: Standing | Evolution): boolean {
  return 'events' in standing && standing.events.some(({ type }) => type === 'duplicate_adopted');
}

function decideAt({ standing, now, unmatched }: Node, policy: DeliveryPolicy): Action {
  return decide({ ...standing, scheduleAt: undefined, unmatched }, policy, now);
}

/** Nodes that differ in nothing that matters for where they lead have one key, so that the walk comes to an end. */
function keyOf({ standing, unmatched }: Node, { do: action }: Action): string {
  const { state, course } = standing;
  const { order, attempt } = course;
  const [duplicate] = course.duplicates ?? [];
  // How a duplicate leads on does not depend on the rest.
  if (duplicate) {
    const { cancelRefused, inDoubt, replacement } = duplicate;
    return [state, action, order?.status, duplicate.order.status, cancelRefused, inDoubt, replacement?.told].join();
  }
  return [
    state,
    action,
    unmatched.length,
    Math.min(course.booked, 2),
    attempt?.outcome,
    course.quotation?.total,
    order?.status,
    order?.orderId.length,
    course.cancelAskedAt !== undefined,
    course.cancelRefused,
    course.replacement?.told,
    course.inDoubt,
    course.lost !== undefined,
  ].join();
}

function stepsFrom(node: Node, action: Action, policy: DeliveryPolicy): Step[] {
  return [
    ...byWorker(node, action, policy),
    ...withoutAccount(node, action),
    ...byWebhook(node, policy),
    ...byHost(node),
  ];
}

/** What needs Lalamove cannot be done for an account that nobody knows, or whose keys cannot be had. */
function withoutAccount({ standing, now, unmatched }: Node, { do: action }: Action): Step[] {
  const { state } = standing;
  if (!CALLS.has(action) || isTerminal(state) || state === 'needs_attention') return [];
  return ['ACCOUNT_UNKNOWN', 'ACCOUNT_UNAVAILABLE'].map((code) => ({
    by: code,
    standing: gaveUp(standing, { code, message: code }),
    ...{ now, unmatched },
  }));
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

function byWorker({ standing, now, unmatched }: Node, action: Action, policy: DeliveryPolicy): Step[] {
  const { state, course } = standing;
  const { order, attempt } = course;
  const to = (by: string, next: Standing, later = now): Step => ({ by, standing: next, now: later, unmatched });
  switch (action.do) {
    case 'rest':
      return [];
    case 'wait':
      // It looks again and again for webhooks of a clone, which changes nothing.
      return [to('time', standing, Math.max(action.until, course.replacement?.until ?? 0))];
    case 'quote': {
      // Committed before the call, so what the call brings comes to it as it is quoting.
      const asked = quoting(standing);
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
      const next: CourseAttempt = {
        id: `attempt ${course.booked + 1}`,
        number: course.booked + 1,
        quotationId: course.quotation?.quotationId ?? '',
        quotationExpiresAt: course.quotation?.expiresAt ?? now,
        outcome: 'reserved',
        reservedAt: now,
      };
      return [to('reserve', reserved(standing, next)), to('time', standing, now + 6 * MINUTE_MS)];
    }
    case 'doubt':
      // Nobody works on it any more; or its answer comes.
      return [
        to('crash', lostSight(standing)),
        ...(attempt
          ? [
              to('placed', placed(standing, attempt.id, { orderId: 'o' }, now)),
              to('ORDER_ALREADY_KNOWN', orderAlreadyKnown(standing, attempt.id, 'o')),
              to('refused', gaveUp(refused(standing, attempt.id), REFUSAL)),
              to('refused', refused(standing, attempt.id)),
            ]
          : []),
      ];
    case 'identify':
      return [
        { by: 'nothing', standing, now, unmatched: [] },
        ...(attempt
          ? [
              to('placed', placed(standing, attempt.id, { orderId: 'o' }, now)),
              to('ORDER_ALREADY_KNOWN', orderAlreadyKnown(standing, attempt.id, 'o')),
            ]
          : []),
      ];
    case 'abandon':
      return [to('OUTCOME_UNKNOWN and rebook', abandoned(standing, 'OUTCOME_UNKNOWN'))];
    case 'cancel':
      return [
        to('cancel', canceled(standing)),
        to('cancel refused', cancelRefused(standing, action.orderId, 'ERR_CANCELLATION_FORBIDDEN')),
        to('refused', state === 'needs_attention' ? heldUp(standing, now + MINUTE_MS) : gaveUp(standing, REFUSAL)),
      ];
    case 'cancel-duplicate':
      return [
        to('duplicate', duplicateChanged(standing, action.orderId, canceled)),
        to('duplicate', duplicateKept(standing, action.orderId, 'ERR_CANCELLATION_FORBIDDEN')),
      ];
    case 'read-duplicate':
      return STATUSES.map((status) =>
        to(
          'duplicate',
          duplicateChanged(standing, action.orderId, (alone) =>
            readAs(
              alone,
              { ...READING, orderId: action.orderId, status },
              alone.course.order?.toldAt ?? 0,
              policy,
              now,
            ),
          ),
        ),
      );
    case 'adopt-duplicate':
      return [to('duplicate', adopted(standing, action.orderId))];
    case 'drop':
      return [to('cancel', canceled(standing))];
    case 'read':
      if (state === 'canceled') {
        return STATUSES.map((status) =>
          to(status, readAfterEnd(standing, { ...READING, orderId: action.orderId, status }, policy, now)),
        );
      }
      return STATUSES.map((status) =>
        to(status, readAs(standing, { ...READING, orderId: action.orderId, status }, order?.toldAt ?? 0, policy, now)),
      );
    case 'raise-fee':
      return [to('fee', feeRaised(inDoubt(feeStepOver(standing, action.step)), action.orderId, action.priorityFee))];
    case 'skip-fee':
      return [to('fee', feeStepOver(standing, action.step))];
    case 'change-driver':
      return [to('driver', driverChangeAsked(standing, action.orderId, action.driverId))];
    case 'rebook':
      return [to(order?.status ?? '', rebooked(standing))];
    case 'settle-cancellation': {
      const settled = cancellationSettled(standing);
      return [to(settled.course.reason?.code ?? '', settled)];
    }
    case 'fail':
      return [to(action.reason.code, failed(standing, action.reason))];
    case 'give-up':
      return [to(action.reason.code, gaveUp(standing, action.reason))];
  }
}

const READING = { driverId: 'd', total: '90', priorityFee: '', currency: 'HKD', shareLink: '' };

function byWebhook({ standing, now, unmatched }: Node, policy: DeliveryPolicy): Step[] {
  const { course } = standing;
  const { order, attempt } = course;
  const to = (by: string, next: Standing): Step => ({ by, standing: next, now, unmatched });
  const isOpen = attempt !== undefined && ['reserved', 'unknown', 'abandoned'].includes(attempt.outcome);
  const steps = isOpen
    ? [
        to('placed', placed(standing, attempt.id, { orderId: 'o' }, now)),
        { by: 'nothing', standing, now, unmatched: ['o'] },
      ]
    : [];
  // One duplicate is enough: another would be followed in the same way.
  if (course.lost && !course.duplicates && order?.orderId !== 'd') {
    steps.push(to('duplicate', duplicateFound(standing, { orderId: 'd' }, now, {})));
  }
  if (!order) return steps;
  const signedAt = Math.max(now + 60 * MINUTE_MS, order.toldAt + 1);
  return [
    ...steps,
    ...STATUSES.flatMap((status) =>
      (status === 'CANCELED' ? [undefined, 'USER', 'LALAMOVE_CUSTOMER_SUPPORT'] : [undefined]).map((cancelParty) =>
        to(status, told(standing, { status, driverId: 'd', cancelParty }, signedAt, policy, now)),
      ),
    ),
    to('driver', driverTold(standing, 'd', signedAt, now)),
    ...(order.orderId.length < 3
      ? [
          to('ORDER_REPLACED', replaced(standing, { prevOrderId: order.orderId, orderId: `${order.orderId}o` }, now)),
          to('ORDER_ALREADY_KNOWN', cloneAlreadyKnown(standing, { prevOrderId: order.orderId, orderId: 'o' })),
        ]
      : []),
  ];
}

function byHost({ standing, now, unmatched }: Node): Step[] {
  const { state, course } = standing;
  const to = (by: string, next: Standing): Step => ({ by, standing: next, now, unmatched });
  const steps = isTerminal(state) ? [] : [to('cancel()', cancelAsked(standing, now))];
  if (state !== 'needs_attention') return steps;
  const { attempt } = course;
  const settled = attempt?.outcome === 'unknown' ? { ...attempt, outcome: 'abandoned' as const } : attempt;
  const found = { ...course, order: undefined, attempt: attempt && { ...attempt, outcome: 'unknown' as const } };
  const alone = { ...course, duplicates: undefined };
  return [
    ...steps,
    ...(orderOnItsWay(course)
      ? []
      : [
          to('resolve rebook', abandoned({ state, course: alone }, 'RESOLVED')),
          to('resolve cancel', canceled({ state, course: { ...alone, attempt: settled, cancelAskedAt: now } })),
        ]),
    ...(attempt ? [to('resolve orderId', placed({ state, course: found }, attempt.id, { orderId: 'o' }, now))] : []),
  ];
}
