import type { SandboxOrder, SandboxWebhook } from '../../src/sandbox/control/control-views.js';
import type { HostReport, JournalLine, ReportedDelivery } from './messages.js';

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
    ...wrongWebhooks(report, events, journal),
    ...references.flatMap((reference) => {
      const delivery = known.get(reference);
      if (!delivery) return [{ reference, what: 'a delivery that was booked is missing' }];
      const own = orders.filter(({ order }) => order.metadata?.reference === reference);
      const what =
        wrongEnd(delivery, own, events, attempts) ?? wrongJournal(report.timelines[reference], reference, journal);
      return what === undefined ? [] : [{ reference, what: `${what} (${summary(delivery, own)})` }];
    }),
  ];
}

/** Checks that every webhook that was answered with 200 is stored, and that a handler was called with it. */
function wrongWebhooks(
  { webhooks }: HostReport,
  events: readonly SandboxWebhook[],
  journal: readonly JournalLine[],
): Finding[] {
  const stored = new Map(webhooks.map(({ data, fingerprint }) => [data, fingerprint]));
  const handled = new Set(journal.flatMap((line) => ('fingerprint' in line ? [line.fingerprint] : [])));
  return events
    .filter(({ state }) => state === 'delivered')
    .flatMap(({ data, eventId, eventType }) => {
      const fingerprint = stored.get(data);
      if (fingerprint === undefined)
        return [{ reference: '', what: `an acknowledged ${eventType} is missing: ${eventId}` }];
      if (handled.has(fingerprint)) return [];
      return [{ reference: '', what: `no handler was called with an acknowledged ${eventType}: ${eventId}` }];
    });
}

/** Returns how the handler calls break the promise of each event at least once and in order, if they do. */
function wrongJournal(
  timeline: readonly number[] = [],
  reference: string,
  journal: readonly JournalLine[],
): string | undefined {
  const given = journal.flatMap((line) => ('reference' in line && line.reference === reference ? [line.id] : []));
  const first = [...new Set(given)];
  const missing = timeline.filter((id) => !first.includes(id));
  if (missing.length > 0) return `no handler was called with the events ${missing.join(', ')}`;
  const isOrdered = first.every((id, index) => index === 0 || id > (first[index - 1] ?? 0));
  return isOrdered ? undefined : `the order of its handler calls is wrong: ${first.join(', ')}`;
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
