import type { SandboxOrder, SandboxWebhook } from '../../src/sandbox/control/control-views.js';
import type { HostReport, JournalLine, ReportedDelivery } from './messages.js';

/** Something that must not be. */
export interface Finding {
  readonly reference: string;
  readonly what: string;
}

const ON_ITS_WAY = new Set(['ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'DELIVERING']);

/** What there is to hold a host against. */
export interface Evidence {
  readonly orders: readonly SandboxOrder[];
  readonly events: readonly SandboxWebhook[];
  readonly references: readonly string[];
  readonly journal: readonly JournalLine[];
}

/** Holds what a host says of its deliveries, and what its handlers were given, against what the sandbox knows. */
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

/** Every webhook that was answered by 200 is stored, and its handler was called. */
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
      return [{ reference: '', what: `no handler was given an acknowledged ${eventType}: ${eventId}` }];
    });
}

/** Why the handlers of a delivery's own events were not called as promised: each at least once, and in order. */
function wrongJournal(
  timeline: readonly number[] = [],
  reference: string,
  journal: readonly JournalLine[],
): string | undefined {
  const given = journal.flatMap((line) => ('reference' in line && line.reference === reference ? [line.id] : []));
  const first = [...new Set(given)];
  const missing = timeline.filter((id) => !first.includes(id));
  if (missing.length > 0) return `no handler was given the events ${missing.join(', ')}`;
  const isOrdered = first.every((id, index) => index === 0 || id > (first[index - 1] ?? 0));
  return isOrdered ? undefined : `its events were given to handlers as ${first.join(', ')}`;
}

/** Why a delivery has not ended as its order has; `undefined` where all is well. */
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
      return statusOf(orderId) === 'COMPLETED' ? undefined : 'it is said to be completed';
    case 'canceled':
      return live.length === 0 ? undefined : 'it is said to be canceled';
    case 'failed':
      return live.length === 0 && ['REJECTED', 'EXPIRED'].includes(statusOf(orderId) ?? '')
        ? undefined
        : 'it is said to have failed';
    case 'needs_attention':
      break;
    default:
      return `it has not settled: ${state}`;
  }
  switch (reason) {
    case 'OUTCOME_UNKNOWN': {
      const unknown = Object.keys(attempts).filter((id) => attempts[id] === 'unknown');
      const placed = orders.filter(({ order }) => unknown.includes(order.metadata?.deliveryAttempt ?? ''));
      // True where no webhook of its order was ever acknowledged: then nobody could know.
      const told = placed.filter(({ order }) => isTold(events, order.orderId));
      return told.length === 0 ? undefined : 'its outcome was told';
    }
    case 'CANCELED_UNEXPLAINED':
    case 'REPLACEMENT_MISSING': {
      if (statusOf(orderId) !== 'CANCELED') return 'its order was not canceled';
      if (isCanceledByUs(events, orderId)) return 'its order was canceled by itself';
      // An order that nothing was told of is known to nobody.
      const told = live.filter(({ order }) => isTold(events, order.orderId));
      return told.length === 0 ? undefined : `it does not know of ${told.map(({ order }) => order.orderId).join(', ')}`;
    }
    default:
      return `it needs attention for ${reason ?? 'nothing'}`;
  }
}

/** Whether a webhook that names an order was acknowledged. */
function isTold(events: readonly SandboxWebhook[], orderId: string): boolean {
  return events.some(({ state, data }) => state === 'delivered' && data.includes(`"${orderId}"`));
}

/** Whether an order was canceled by its own account, which only its host can have done. */
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
  return `${state} ${reason ?? ''} ${orderId ?? 'no order'}, ${attempts} attempts; the sandbox has: ${all.join(', ') || 'nothing'}`;
}
