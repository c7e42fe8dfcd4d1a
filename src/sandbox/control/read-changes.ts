import { sign } from '../../api/signature.js';
import type { SeenRequest } from '../api/seen-request.js';
import { hideSecrets } from '../hide-secrets.js';
import type { ControlParts } from './control-parts.js';
import {
  orderRow,
  requestRow as rowOfRequest,
  webhookRow,
  type OrderRow,
  type RequestRow,
  type SandboxSearch,
  type TimelineEntry,
  type WebhookRow,
} from './page-rows.js';

/** How many requests and events a whole reading has, and a page of older ones. */
const PAGE_SIZE = 500;

/** How many things of one kind a search returns. */
const MAX_FOUND = 500;

/** The rows of what has changed since a revision; without one, of everything. */
export function changedRows(
  { world, api }: ControlParts,
  since: number | undefined,
): { orders: OrderRow[]; requests: RequestRow[]; webhooks: WebhookRow[] } {
  const { orders, deliveries } = world.state;
  if (since === undefined) {
    return {
      orders: [...orders.values()].map(orderRow),
      requests: api.requests.slice(-PAGE_SIZE).map((request) => requestRow({ world }, request)),
      webhooks: [...deliveries.values()].slice(-PAGE_SIZE).map(webhookRow),
    };
  }
  const changed = (kind: 'order' | 'request' | 'webhook'): string[] => world.changes.since(kind, since).reverse();
  return {
    orders: changed('order').flatMap((id) => {
      const entry = orders.get(id);
      return entry ? [orderRow(entry)] : [];
    }),
    requests: changed('request').flatMap((number) => {
      const request = requestOf(api.requests, Number(number));
      return request ? [requestRow({ world }, request)] : [];
    }),
    webhooks: changed('webhook').flatMap((key) => {
      const delivery = deliveries.get(key);
      return delivery ? [webhookRow(delivery)] : [];
    }),
  };
}

/** Requests that are older than the given number, oldest first. */
export function olderRequests({ api, world }: ControlParts, before: number): RequestRow[] {
  return api.requests
    .filter(({ number }) => number < before)
    .slice(-PAGE_SIZE)
    .map((request) => requestRow({ world }, request));
}

/** Events that were sent before the given one, oldest first. */
export function olderWebhooks({ world }: ControlParts, before: string): WebhookRow[] {
  const all = [...world.state.deliveries.values()];
  const index = all.findIndex(({ key }) => key === before);
  return all.slice(Math.max(0, index - PAGE_SIZE), Math.max(0, index)).map(webhookRow);
}

/**
 * A request by its number.
 *
 * @throws RangeError if the sandbox does not keep it any more
 */
export function findRequest({ api }: ControlParts, number: string): SeenRequest {
  const request = requestOf(api.requests, Number(number));
  if (!request) throw new RangeError(`The sandbox has no request ${number}, or does not keep it any more.`);
  return request;
}

/** Numbers grow along the list, which a test may have shortened. */
function requestOf(requests: readonly SeenRequest[], number: number): SeenRequest | undefined {
  let [low, high] = [0, requests.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = requests[middle];
    if (!found || found.number === number) return found;
    if (found.number < number) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** A request without the secrets of the accounts, which a wrong client may have sent. */
export function withoutSecrets({ world }: ControlParts, request: SeenRequest): unknown {
  const { accounts } = world.settings;
  const hidden = (_: string, value: unknown): unknown =>
    typeof value === 'string' ? hideSecrets(value, accounts) : value;
  return JSON.parse(JSON.stringify(request), hidden);
}

/** The row of a request, whose path shows no secret of the accounts. */
function requestRow({ world }: Pick<ControlParts, 'world'>, request: SeenRequest): RequestRow {
  return rowOfRequest({ ...request, path: hideSecrets(request.path, world.settings.accounts) });
}

/** An `Authorization` header for the same request, signed now. It is absent if the account is not known. */
export function signedAnew({ world }: ControlParts, { method, path, body, headers }: SeenRequest): string | undefined {
  const [, named = ''] = /^hmac ([^:\s]+):/i.exec(headers.authorization ?? '') ?? [];
  const { accounts } = world.settings;
  const account = accounts.find(({ apiKey }) => apiKey === named) ?? accounts[0];
  if (!account) return undefined;
  const timestamp = String(world.clock.now());
  return `hmac ${account.apiKey}:${timestamp}:${sign(account.apiSecret, { timestamp, method, path, body })}`;
}

/** The orders, requests and events that contain a text, latest first. Case does not matter. */
export function search({ world, api }: ControlParts, text: string): SandboxSearch {
  const wanted = text.toLowerCase();
  const has = (value: unknown): boolean =>
    (typeof value === 'string' ? value : JSON.stringify(value)).toLowerCase().includes(wanted);
  const { orders, deliveries } = world.state;
  return {
    orders: latest(
      [...orders.values()],
      ({ order, contacts, courier, serviceType }) => has([order, contacts, courier, serviceType]),
      orderRow,
    ),
    requests: latest(
      api.requests,
      ({ method, path, operation = '', verdict, body, answer }) =>
        has(`${method} ${path} ${operation} ${verdict}`) || has(body) || has(answer?.body ?? ''),
      (request) => requestRow({ world }, request),
    ),
    webhooks: latest(
      [...deliveries.values()],
      ({ eventId, eventType, data, state }) => has(`${eventId} ${eventType} ${state}`) || has(data),
      webhookRow,
    ),
  };
}

function latest<Item, Row>(all: readonly Item[], isFound: (item: Item) => boolean, row: (item: Item) => Row): Row[] {
  const found: Row[] = [];
  for (let index = all.length - 1; index >= 0 && found.length < MAX_FOUND; index -= 1) {
    const item = all[index];
    if (item !== undefined && isFound(item)) found.push(row(item));
  }
  return found;
}

/** What happened to an order, as far as the log still has it. */
export function timelineOf({ world, api }: ControlParts, orderId: string): TimelineEntry[] {
  const entries: TimelineEntry[] = [];
  for (const request of api.requests) {
    const { operation, path, answer } = request;
    const isPlacing = operation === 'placeOrder' && (answer?.body.includes(`"${orderId}"`) ?? false);
    if (isPlacing || path.includes(`/${orderId}`))
      entries.push({ at: new Date(request.at).toISOString(), kind: 'request', row: requestRow({ world }, request) });
  }
  for (const line of world.log.entries) {
    if (!('orderId' in line) || line.orderId !== orderId) continue;
    const { at } = line;
    if (line.kind === 'event')
      entries.push({ at, kind: 'event', type: line.type, ...(line.now !== undefined && { status: line.now }) });
    else if (line.kind === 'step')
      entries.push({ at, kind: 'step', step: line.step, ...(line.stop !== undefined && { stop: line.stop }) });
    else if (line.kind === 'script-ended') entries.push({ at, kind: 'script-ended', step: line.step, why: line.why });
  }
  for (const delivery of world.state.deliveries.values()) {
    if (delivery.orderId !== orderId) continue;
    entries.push({ at: new Date(delivery.occurredAt).toISOString(), kind: 'webhook', row: webhookRow(delivery) });
  }
  return entries.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
}
