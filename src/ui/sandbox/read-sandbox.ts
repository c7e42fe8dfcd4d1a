import type { SeenRequest } from '../../sandbox/api/seen-request.js';
import type { SandboxOrder, SandboxWebhook } from '../../sandbox/control/control-views.js';
import type {
  RequestRow,
  SandboxChanges,
  SandboxSearch,
  TimelineEntry,
  WebhookRow,
} from '../../sandbox/control/page-rows.js';
import type { SandboxLogEntry } from '../../sandbox/sandbox-log.js';
import type { Ledger, LedgerLine } from '../../sandbox/state/ledger.js';
import { requestJson } from '../shared/request-json.js';

/** Where the control API is, from the page. */
export const CONTROL = '_sandbox';

/** A request, and an `Authorization` header for it that is valid now. */
export interface RequestDetail {
  readonly request: SeenRequest;
  readonly signedAnew?: string;
}

const UNEXPECTED = 'The sandbox did not answer like one of this version: reload the page.';

// The sandbox is of the same version as its page, so the other members are trusted.
const has =
  <T>(...members: (keyof T & string)[]) =>
  (value: unknown): value is T =>
    typeof value === 'object' && value !== null && members.every((member) => member in value);

function isList<T>(value: unknown): value is T[] {
  return Array.isArray(value);
}

async function read<T>(path: string, isRight: (value: unknown) => value is T): Promise<T> {
  const value = await requestJson(`${CONTROL}/${path}`);
  if (isRight(value)) return value;
  throw new TypeError(UNEXPECTED);
}

const segment = encodeURIComponent;

/** What has changed since the last reading; everything, if it was of another sandbox. */
export function readChanges(instance: string, revision: number): Promise<SandboxChanges> {
  return read(
    `changes?instance=${segment(instance)}&since=${revision}`,
    has<SandboxChanges>('instance', 'orders', 'time'),
  );
}

/** What contains a text, latest first. */
export function readSearch(text: string): Promise<SandboxSearch> {
  return read(`search?text=${segment(text)}`, has<SandboxSearch>('orders', 'requests', 'webhooks'));
}

/** One order with all that is known of it. */
export function readOrder(id: string): Promise<SandboxOrder> {
  return read(`orders/${segment(id)}`, has<SandboxOrder>('order', 'placedAt'));
}

/** What happened to an order. */
export function readTimeline(id: string): Promise<TimelineEntry[]> {
  return read(`orders/${segment(id)}/timeline`, isList<TimelineEntry>);
}

/** One request with its answer. */
export function readRequest(number: string): Promise<RequestDetail> {
  return read(`requests/${segment(number)}`, has<RequestDetail>('request'));
}

/** The events with an id. */
export function readWebhooks(eventId: string): Promise<SandboxWebhook[]> {
  return read(`webhooks/${segment(eventId)}`, isList<SandboxWebhook>);
}

/** Requests before a number, oldest first. */
export function readOlderRequests(before: number): Promise<RequestRow[]> {
  return read(`older/requests/${before}`, isList<RequestRow>);
}

/** Events before one of them, oldest first. */
export function readOlderWebhooks(before: string): Promise<WebhookRow[]> {
  return read(`older/webhooks/${segment(before)}`, isList<WebhookRow>);
}

/** The latest lines of the log, oldest first. */
export function readLog(limit: number): Promise<SandboxLogEntry[]> {
  return read(`log?limit=${limit}`, isList<SandboxLogEntry>);
}

/** Live couriers and money of the orders whose metadata contain these values. */
export async function readLedgerFor(metadata: Readonly<Record<string, string>>): Promise<LedgerLine> {
  const value = await requestJson(`${CONTROL}/ledger`, { method: 'POST', body: { metadata } });
  if (has<LedgerLine>('orderIds', 'live', 'spent')(value)) return value;
  throw new TypeError(UNEXPECTED);
}

/** Live couriers and money, as they really are. */
export function readLedger(): Promise<Ledger> {
  return read('ledger', has<Ledger>('total', 'byMetadata'));
}
