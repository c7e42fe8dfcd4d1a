import type { SandboxOrder, SandboxWebhook } from '../../src/sandbox/control/control-views.js';
import type { HostReport, ReportedDelivery } from './messages.js';

/** Something that must not be. */
export interface Finding {
  readonly reference: string;
  readonly what: string;
}

const ON_ITS_WAY = new Set(['ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'DELIVERING']);

/** Holds what a host says of its deliveries against what the sandbox knows. */
export function verdictOf(
  { deliveries, events: storedData, attempts }: HostReport,
  orders: readonly SandboxOrder[],
  events: readonly SandboxWebhook[],
  references: readonly string[],
): Finding[] {
  const stored = new Set(storedData);
  const missing = events.filter(({ state, data }) => state === 'delivered' && !stored.has(data));
  const known = new Map(deliveries.map((delivery) => [delivery.reference, delivery]));
  return [
    ...missing.map(({ eventId, eventType }) => ({
      reference: '',
      what: `an acknowledged ${eventType} is missing: ${eventId}`,
    })),
    ...references.flatMap((reference) => {
      const delivery = known.get(reference);
      if (!delivery) return [{ reference, what: 'a delivery that was booked is missing' }];
      const own = orders.filter(({ order }) => order.metadata?.reference === reference);
      const what = wrongEnd(delivery, own, events, attempts);
      return what === undefined ? [] : [{ reference, what: `${what} (${summary(delivery, own)})` }];
    }),
  ];
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
      const told = placed.filter(({ order }) =>
        events.some((event) => event.orderId === order.orderId && event.state === 'delivered'),
      );
      return told.length === 0 ? undefined : 'its outcome was told';
    }
    case 'CANCELED_UNEXPLAINED':
    case 'REPLACEMENT_MISSING':
      return statusOf(orderId) === 'CANCELED' ? undefined : 'its order was not canceled';
    default:
      return `it needs attention for ${reason ?? 'nothing'}`;
  }
}

function summary({ state, reason, orderId, attempts }: ReportedDelivery, orders: readonly SandboxOrder[]): string {
  const all = orders.map(
    ({ order, replacedBy }) =>
      `${order.orderId} ${order.status}${replacedBy === undefined ? '' : ` replaced by ${replacedBy}`}`,
  );
  return `${state} ${reason ?? ''} ${orderId ?? 'no order'}, ${attempts} attempts; the sandbox has: ${all.join(', ') || 'nothing'}`;
}
