import type { WebhookEventType } from '../../api/webhook-event-types.js';
import type { LalamoveOperation } from '../../api/endpoints.js';
import type { OrderStatus } from '../../api/order-status.js';
import type { SeenRequest } from '../api/seen-request.js';
import type { SignatureVerdict } from '../api/signature-verdict.js';
import type { FaultRule } from '../faults/fault-rule.js';
import type { OrderEntry } from '../state/order-entry.js';
import type { WebhookDelivery } from '../webhooks/webhook-delivery.js';
import type { SandboxInfo, SandboxTime, SandboxWallet, SandboxWebhookUrl } from './control-views.js';

/** A position that changes evenly from one place to the next, by the sandbox's clock. */
export interface CourierWay {
  readonly from: { readonly lat: number; readonly lng: number; /** Unix ms. */ readonly at: number };
  readonly to: { readonly lat: number; readonly lng: number; /** Unix ms. */ readonly at: number };
}

/** An order in the list of the page. */
export interface OrderRow {
  readonly id: string;
  readonly apiKey: string;
  readonly market: string;
  readonly status: OrderStatus;
  readonly serviceType: string;
  /** Unix ms. */
  readonly placedAt: number;
  /** A decimal string. */
  readonly total: string;
  readonly currency: string;
  /** The addresses of the first and the last stop. */
  readonly from: string;
  readonly to: string;
  readonly stops: number;
  /** The first value of the metadata, which is usually the host's own id. */
  readonly reference?: string;
  readonly driver?: { readonly name: string; readonly way: CourierWay };
}

/** A request in the list of the page. */
export interface RequestRow {
  readonly number: number;
  /** Unix ms. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly operation?: LalamoveOperation;
  readonly verdict: SignatureVerdict;
  /** Absent while it is worked on, or if no answer was sent. */
  readonly status?: number;
  /** Lalamove's error code. */
  readonly code?: string;
  /** The id of the fault that was applied. */
  readonly fault?: string;
}

/** An event in the list of the page. */
export interface WebhookRow {
  /** Two events may have the same id, but not the same id and type. */
  readonly key: string;
  readonly eventId: string;
  readonly eventType: WebhookEventType | (string & {});
  readonly apiKey: string;
  readonly market: string;
  readonly orderId?: string;
  /** Unix ms. */
  readonly at: number;
  readonly state: WebhookDelivery['state'];
  readonly attempts: number;
  /** How the last attempt ended: a status, or an error. */
  readonly last?: string;
}

/** What has changed in the sandbox since a revision, or all that the page shows. */
export interface SandboxChanges {
  /** Differs from one sandbox to the next, also on the same port. */
  readonly instance: string;
  /** To be named in the next reading. */
  readonly revision: number;
  /** Whether the rows are all that there is. Otherwise they are what has changed. */
  readonly isWhole: boolean;
  /** In the order in which they were placed. */
  readonly orders: readonly OrderRow[];
  /** Oldest first; of a whole reading the latest alone. */
  readonly requests: readonly RequestRow[];
  readonly webhooks: readonly WebhookRow[];
  readonly info: SandboxInfo;
  readonly time: SandboxTime;
  readonly wallets: readonly SandboxWallet[];
  readonly urls: readonly SandboxWebhookUrl[];
  readonly faults: readonly FaultRule[];
  readonly spentFaults: readonly FaultRule[];
  readonly snapshots: readonly string[];
}

/** What a search has found, latest first. */
export interface SandboxSearch {
  readonly orders: readonly OrderRow[];
  readonly requests: readonly RequestRow[];
  readonly webhooks: readonly WebhookRow[];
}

/** What happened to an order, in the order of time. */
export type TimelineEntry = {
  /** ISO 8601. */
  readonly at: string;
} & (
  | { readonly kind: 'event'; readonly type: string; readonly status?: string }
  | { readonly kind: 'step'; readonly step: string; readonly stop?: number }
  | { readonly kind: 'script-ended'; readonly step: string; readonly why: string }
  | { readonly kind: 'request'; readonly row: RequestRow }
  | { readonly kind: 'webhook'; readonly row: WebhookRow }
);

/** What names an order to a person. Our own deliveries add the id of an attempt, which is nobody's name for it. */
function referenceOf(metadata: Readonly<Record<string, string>> = {}): string | undefined {
  const [other] = Object.keys(metadata).filter((name) => name !== 'deliveryAttempt');
  return metadata.reference ?? (other === undefined ? undefined : metadata[other]);
}

/** The row of an order. */
export function orderRow({ order, tenant, courier, serviceType, placedAt }: OrderEntry): OrderRow {
  const { stops, priceBreakdown } = order;
  const reference = referenceOf(order.metadata);
  return {
    id: order.orderId,
    ...tenant,
    status: order.status,
    serviceType,
    placedAt,
    total: priceBreakdown.total,
    currency: priceBreakdown.currency,
    from: clipped(stops[0]?.address),
    to: clipped(stops.at(-1)?.address),
    stops: stops.length,
    ...(reference !== undefined && { reference: clipped(reference) }),
    ...(courier && { driver: { name: courier.name, way: courier.way } }),
  };
}

/** The row of a request. */
export function requestRow({ number, at, method, path, operation, verdict, fault, answer }: SeenRequest): RequestRow {
  const code = answer && answer.status >= 400 ? /ERR_[A-Z_]+/.exec(answer.body)?.[0] : undefined;
  return {
    number,
    at,
    method,
    path: clipped(path),
    ...(operation !== undefined && { operation }),
    verdict,
    ...(answer && { status: answer.status }),
    ...(code !== undefined && { code }),
    ...(fault !== undefined && { fault }),
  };
}

/** The row of an event. */
export function webhookRow(delivery: WebhookDelivery): WebhookRow {
  const { key, eventId, eventType, tenant, orderId, occurredAt, state, attempts } = delivery;
  const last = attempts.at(-1);
  return {
    key,
    eventId,
    eventType,
    ...tenant,
    ...(orderId !== undefined && { orderId }),
    at: occurredAt,
    state,
    attempts: attempts.length,
    ...(last && { last: last.status === undefined ? (last.error ?? '') : String(last.status) }),
  };
}

const MAX_CLIPPED = 160;

/** A list shows the beginning of a long text. */
function clipped(text = ''): string {
  return text.length > MAX_CLIPPED ? `${text.slice(0, MAX_CLIPPED)}…` : text;
}
