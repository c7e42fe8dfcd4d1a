import { useEffect, useState } from 'preact/hooks';
import type { OrderRow, RequestRow, SandboxChanges, WebhookRow } from '../../sandbox/control/page-rows.js';
import { followLive, type LiveStatus } from '../shared/live-stream.js';
import { requestJson, type JsonRequest } from '../shared/request-json.js';
import { withToast } from '../shared/toasts.js';
import { CONTROL, readChanges, readOlderRequests, readOlderWebhooks } from './read-sandbox.js';

/** The parts of the sandbox that are small enough to be read whole each time. */
export type SandboxParts = Omit<SandboxChanges, 'orders' | 'requests' | 'webhooks' | 'isWhole'>;

/** What the page knows of the sandbox. The lists have the latest first. */
export interface SandboxView {
  readonly status: LiveStatus;
  /** Grows with each change. */
  readonly version: number;
  /** `undefined` until it was read for the first time. */
  readonly parts: SandboxParts | undefined;
  readonly orders: readonly OrderRow[];
  readonly requests: readonly RequestRow[];
  readonly webhooks: readonly WebhookRow[];
  /** When `parts.time` was read, by `performance.now()`. */
  readonly readAt: number;
}

/** The kinds of lines of the log. */
export const LOG_KINDS = [
  'request',
  'answer',
  'fault',
  'event',
  'webhook',
  'untimely',
  'url-disabled',
  'driver',
  'step',
  'script-ended',
  'control',
] as const;

/** Many lines of the log come at once: they cause one reading. */
const COALESCED_MS = 40;

/** What happens inside the sandbox's process without a line of the log is seen after this time. */
const FALLBACK_MS = 5_000;

const orders = new Map<string, OrderRow>();
const requests = new Map<number, RequestRow>();
const webhooks = new Map<string, WebhookRow>();
const listeners = new Set<() => void>();

let view: SandboxView = {
  status: 'connecting',
  version: 0,
  parts: undefined,
  orders: [],
  requests: [],
  webhooks: [],
  readAt: 0,
};
let timer: ReturnType<typeof setTimeout> | undefined;
let reading: Promise<void> | undefined;
let next: Promise<void> | undefined;

function publish(changes: Partial<SandboxView>): void {
  view = { ...view, ...changes, version: view.version + 1 };
  for (const listener of listeners) listener();
}

function apply(changes: SandboxChanges): void {
  const { isWhole, orders: newOrders, requests: newRequests, webhooks: newHooks, ...parts } = changes;
  if (isWhole) {
    orders.clear();
    requests.clear();
    webhooks.clear();
  }
  for (const row of newOrders) orders.set(row.id, row);
  for (const row of newRequests) requests.set(row.number, row);
  for (const row of newHooks) webhooks.set(row.key, row);
  dropOldest(requests, parts.info.counts.requests);
  dropOldest(webhooks, parts.info.counts.webhooks);
  const isChanged = (rows: readonly unknown[]): boolean => isWhole || rows.length > 0;
  publish({
    parts,
    readAt: performance.now(),
    ...(isChanged(newOrders) && { orders: [...orders.values()].reverse() }),
    ...(isChanged(newRequests) && { requests: [...requests.values()].sort((a, b) => b.number - a.number) }),
    ...(isChanged(newHooks) && { webhooks: [...webhooks.values()].reverse() }),
  });
}

/** Forgets what the sandbox does not keep any more, so that the page stays quick after many requests. */
function dropOldest(rows: Map<unknown, unknown>, kept: number): void {
  for (const key of rows.keys()) {
    if (rows.size <= kept) return;
    rows.delete(key);
  }
}

async function read(): Promise<void> {
  const { instance = '', revision = -1 } = view.parts ?? {};
  try {
    apply(await readChanges(instance, revision));
  } catch {
    // The stream says whether the sandbox answers, and causes the next reading.
  }
}

/** Reads what has changed. It resolves when that is shown. */
export function readNow(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  // What has changed meanwhile may be missing in the reading that is under way.
  if (reading) return (next ??= reading.then(readAgain));
  return begin();
}

function begin(): Promise<void> {
  reading = read().then(() => {
    reading = undefined;
  });
  return reading;
}

function readAgain(): Promise<void> {
  next = undefined;
  return begin();
}

function readSoon(): void {
  timer ??= setTimeout(() => void readNow(), COALESCED_MS);
}

/** Follows the sandbox until the page is closed. */
export function followSandbox(): void {
  followLive({
    url: `${CONTROL}/events`,
    types: [...LOG_KINDS, 'clock'],
    onEvent: readSoon,
    onStatus: (status) => {
      publish({ status });
      if (status === 'live') void readNow();
    },
  });
  void readNow();
  setInterval(() => {
    if (view.status === 'live' && document.visibilityState === 'visible') readSoon();
  }, FALLBACK_MS);
}

/** What the page knows of the sandbox. The component is drawn again when that changes. */
export function useSandbox(): SandboxView {
  const [current, setCurrent] = useState(view);
  useEffect(() => {
    const listener = (): void => {
      setCurrent(view);
    };
    listeners.add(listener);
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return current;
}

/** The time of the sandbox's clock: Unix ms. */
export function sandboxNow({ parts, readAt }: SandboxView): number {
  if (!parts) return Date.now();
  return Date.parse(parts.time.now) + (performance.now() - readAt) * parts.time.speed;
}

/** Reads more requests, which are older than those that are known. */
export async function loadOlderRequests(): Promise<void> {
  const oldest = view.requests.at(-1);
  if (!oldest || view.requests.length >= (view.parts?.info.counts.requests ?? 0)) return;
  const older = await readOlderRequests(oldest.number);
  const known = [...requests];
  requests.clear();
  for (const row of older) requests.set(row.number, row);
  for (const [number, row] of known) requests.set(number, row);
  publish({ requests: [...requests.values()].sort((a, b) => b.number - a.number) });
}

/** Reads more events, which are older than those that are known. */
export async function loadOlderWebhooks(): Promise<void> {
  const oldest = view.webhooks.at(-1);
  if (!oldest || view.webhooks.length >= (view.parts?.info.counts.webhooks ?? 0)) return;
  const older = await readOlderWebhooks(oldest.key);
  const known = [...webhooks];
  webhooks.clear();
  for (const row of older) webhooks.set(row.key, row);
  for (const [key, row] of known) webhooks.set(key, row);
  publish({ webhooks: [...webhooks.values()].reverse() });
}

/**
 * Calls the control API, shows a failure, and reads what has changed.
 *
 * @param done what is shown if it succeeds
 */
export async function command(path: string, request: JsonRequest, done?: string): Promise<boolean> {
  const isDone = await withToast(() => requestJson(path === '' ? CONTROL : `${CONTROL}/${path}`, request), done);
  await readNow();
  return isDone;
}
