import type { SandboxOrder, SandboxWebhook } from '../../src/sandbox/control/control-views.js';
import { wrongCalls } from './handlers-verdict.js';
import type { JournalLine } from './journal.js';
import { doubleWork } from './leases-verdict.js';
import type { HostReport, ReportedDelivery } from './messages.js';
import { wrongWebhooks } from './webhooks-verdict.js';

/** A violation of a promise. */
export interface Finding {
  readonly reference: string;
  readonly what: string;
}

const ON_ITS_WAY = new Set(['ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'DELIVERING']);

/** The data that a host's report is compared with. */
export interface Evidence {
  readonly orders: readonly SandboxOrder[];
  readonly events: readonly SandboxWebhook[];
  readonly references: readonly string[];
  readonly journal: readonly JournalLine[];
}

/** Compares a host's deliveries and the calls of its handlers with the sandbox's orders and webhooks. */
export function verdictOf(report: HostReport, { orders, events, references, journal }: Evidence): Finding[] {
  const { deliveries, attempts } = report;
  const known = new Map(deliveries.map((delivery) => [delivery.reference, delivery]));
  return [
    ...wrongWebhooks(report, events, orders, journal),
    ...doubleWork(journal),
    ...droppedAnswers(journal),
    ...references.flatMap((reference) => {
      const delivery = known.get(reference);
      if (!delivery) return [{ reference, what: 'a delivery that was booked is missing' }];
      const own = orders.filter(({ order }) => order.metadata?.reference === reference);
      const what =
        wrongEnd(delivery, own, events, attempts) ?? wrongCalls(report.timelines[reference], reference, journal);
      return what === undefined ? [] : [{ reference, what: `${what} (${summary(delivery, own)})` }];
    }),
  ];
}

/** Orders that Lalamove answered with, and that their attempts did not get, although no process was killed. */
function droppedAnswers(journal: readonly JournalLine[]): Finding[] {
  return journal.flatMap((line) =>
    'dropped' in line
      ? [{ reference: line.reference, what: `the answer with the order ${line.dropped} was dropped` }]
      : [],
  );
}

/** Returns how the end of a delivery differs from its orders; `undefined` if they agree. */
function wrongEnd(
  { state, reason, orderId }: ReportedDelivery,
  orders: readonly SandboxOrder[],
  events: readonly SandboxWebhook[],
  attempts: Readonly<Record<string, string>>,
): string | undefined {
  const statusOf = (id: string | undefined): string | undefined =>
    orders.find(({ order }) => order.orderId === id)?.order.status;
  const live = orders.filter(({ order }) => ON_ITS_WAY.has(order.status) || order.status === 'COMPLETED');
  switch (state) {
    case 'completed':
      return statusOf(orderId) === 'COMPLETED' ? undefined : 'it is completed, but its order is not';
    case 'canceled':
      return live.length === 0 ? undefined : 'it is canceled, but an order is live or completed';
    case 'failed':
      return live.length === 0 && ['REJECTED', 'EXPIRED'].includes(statusOf(orderId) ?? '')
        ? undefined
        : 'it has failed, but its order has not';
    case 'needs_attention':
      break;
    default:
      return `it has not settled: ${state}`;
  }
  switch (reason) {
    case 'OUTCOME_UNKNOWN': {
      const unknown = Object.keys(attempts).filter((id) => attempts[id] === 'unknown');
      const placed = orders.filter(({ order }) => unknown.includes(order.metadata?.deliveryAttempt ?? ''));
      // The reason is right if no webhook of the order was ever acknowledged, because then the order cannot be known.
      const reported = placed.filter(({ order }) => isReported(events, order.orderId));
      return reported.length === 0 ? undefined : 'a webhook has reported its outcome';
    }
    case 'CANCELED_UNEXPLAINED':
    case 'REPLACEMENT_MISSING': {
      if (statusOf(orderId) !== 'CANCELED') return 'its order was not canceled';
      if (isCanceledByUs(events, orderId)) return 'its order was canceled by the host itself';
      // An order without an acknowledged webhook cannot be known.
      const reported = live.filter(({ order }) => isReported(events, order.orderId));
      return reported.length === 0
        ? undefined
        : `it does not know the orders ${reported.map(({ order }) => order.orderId).join(', ')}`;
    }
    default:
      return `it needs attention with the reason ${reason ?? 'none'}`;
  }
}

/** Whether a webhook that names an order was acknowledged. */
function isReported(events: readonly SandboxWebhook[], orderId: string): boolean {
  return events.some(({ state, data }) => state === 'delivered' && data.includes(`"${orderId}"`));
}

/** Whether an order was cancelled by its own account, which only the host can do. */
function isCanceledByUs(events: readonly SandboxWebhook[], orderId: string | undefined): boolean {
  return events.some(
    ({ orderId: about, data }) =>
      about === orderId && data.includes('"CANCELED"') && data.includes('"cancelParty":"USER"'),
  );
}

function summary({ state, reason, orderId, attempts }: ReportedDelivery, orders: readonly SandboxOrder[]): string {
  const all = orders.map(
    ({ order, replacedBy }) =>
      `${order.orderId} ${order.status}${replacedBy === undefined ? '' : ` replaced by ${replacedBy}`}`,
  );
  const own = `${state} ${reason ?? ''} ${orderId ?? 'no order'}, ${attempts} attempts`;
  return `${own}; the sandbox has: ${all.join(', ') || 'nothing'}`;
}
