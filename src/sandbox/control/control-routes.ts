import { randomUUID } from 'node:crypto';
import { idsOf } from '../../api/endpoints.js';
import { LONGEST_TIMER_MS } from '../../internal/timer-limit.js';
import { isStringMap } from '../../internal/is-record.js';
import { checkScript, checkStep } from '../simulation/driver-script.js';
import { ledgerFor, ledgerOf } from '../state/ledger.js';
import { MARKET_CODES } from '../state/market-facts.js';
import { parseAmount, formatAmount } from '../state/money.js';
import { LIVE_STATUSES } from '../../api/order-status.js';
import type { Tenant } from '../state/tenant.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import type { ControlParts } from './control-parts.js';
import {
  orderView,
  webhookView,
  type SandboxInfo,
  type SandboxTime,
  type SandboxWallet,
  type SandboxWebhookUrl,
} from './control-views.js';
import type { SandboxChanges } from './page-rows.js';
import {
  changedRows,
  findRequest,
  olderRequests,
  olderWebhooks,
  search,
  signedAnew,
  timelineOf,
  withoutSecrets,
} from './read-changes.js';

/** A request to the control API. */
export interface ControlRequest {
  /** The ids in the path, by name. */
  readonly ids: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly query: URLSearchParams;
}

type ControlHandler = (parts: ControlParts, request: ControlRequest) => unknown;

/** A route of the control API. Its handler throws a `RangeError` if the request is wrong. */
export interface ControlRoute {
  readonly method: string;
  /** The path below `/_sandbox`, with `:name` for each id. */
  readonly path: string;
  readonly handle: ControlHandler;
}

const route = (method: string, path: string, handle: ControlHandler): ControlRoute => ({ method, path, handle });

/** All routes of the control API. */
export const CONTROL_ROUTES: readonly ControlRoute[] = [
  route('GET', '', (parts) => information(parts)),
  route('DELETE', '', (parts) => clear(parts)),

  route('GET', '/changes', (parts, { query }) => changes(parts, query)),
  route('GET', '/search', (parts, { query }) => search(parts, query.get('text') ?? '')),

  route('GET', '/orders', ({ world }) => [...world.state.orders.values()].map((entry) => orderView(entry, world))),
  route('GET', '/orders/:orderId', ({ orders, world }, { ids }) => orderView(orders.get(id(ids)), world)),
  route('GET', '/orders/:orderId/timeline', (parts, { ids }) =>
    timelineOf(parts, parts.orders.get(id(ids)).order.orderId),
  ),
  route('POST', '/orders/:orderId/status', ({ orders, simulator, world }, { ids, body }) => {
    const entry = orders.get(id(ids));
    orders.move(entry, text(body, 'status'));
    simulator.follow(entry, []);
    return orderView(entry, world);
  }),
  route('POST', '/orders/:orderId/steps', ({ orders, simulator, world }, { ids, body }) => {
    const entry = orders.get(id(ids));
    simulator.do(entry, checkStep(body));
    return orderView(entry, world);
  }),
  route('PUT', '/orders/:orderId/script', ({ orders, simulator, world }, { ids, body }) => {
    const entry = orders.get(id(ids));
    const { orderId, status } = entry.order;
    if (!LIVE_STATUSES.has(status))
      throw new RangeError(`The order ${orderId} is ${status}: a script cannot move it any more.`);
    entry.script = checkScript(body.script);
    simulator.begin(entry);
    return orderView(entry, world);
  }),
  route('PUT', '/orders/:orderId/driver', ({ orders, world }, { ids, body }) => {
    const entry = orders.get(id(ids));
    if (!entry.courier) throw new RangeError(`The order ${entry.order.orderId} has no driver.`);
    const [lat, lng] = [degrees(body, 'lat', 90), degrees(body, 'lng', 180)];
    const now = world.clock.now();
    entry.courier.way = { from: { lat, lng, at: now }, to: { lat, lng, at: now } };
    world.touchOrder(entry);
    world.log.add({ kind: 'driver', orderId: entry.order.orderId, lat, lng });
    return orderView(entry, world);
  }),

  route('PUT', '/drivers', ({ world }, { body }) => {
    world.state.script = checkScript(body.script);
  }),

  route('GET', '/clock', (parts) => time(parts)),
  route('PUT', '/clock', async (parts, { body }) => {
    if (typeof body.speed !== 'number')
      throw new RangeError('Give { "speed": … }: a number. 1 is real time, 0 stands still.');
    parts.world.clock.speed = body.speed;
    await parts.world.followers.allSynced();
    return time(parts);
  }),
  route('POST', '/clock/advance', async (parts, { body }) => {
    const { by } = body;
    if (typeof by !== 'string' && typeof by !== 'number')
      throw new RangeError('Give { "by": … }: ms, or a text such as "2h".');
    await parts.world.clock.advance(by);
    await parts.world.followers.allSynced();
    return time(parts);
  }),
  route('GET', '/clock/followers/:follower/:seen', async (parts, { ids }) => {
    const { follower = '', seen } = ids;
    const changes = await parts.world.followers.next(follower, Number(seen));
    return { ...time(parts), changes };
  }),

  route('GET', '/wallets', (parts) => wallets(parts)),
  route('PUT', '/wallets', (parts, { body }) => {
    const tenant = tenantOf(parts, body);
    const balance = parseAmount(text(body, 'balance'), parts.world.facts(tenant));
    if (balance === undefined || balance < 0) {
      const { currency } = parts.world.facts(tenant);
      throw new RangeError(`${JSON.stringify(body.balance)} is not an amount in ${currency}: give a decimal string.`);
    }
    parts.wallets.set(tenant, balance);
    return wallet(parts, tenant);
  }),

  route('GET', '/faults', ({ faults }) => faults.rules),
  route('POST', '/faults', ({ faults }, { body }) => faults.add(body)),
  route('DELETE', '/faults', ({ faults }) => {
    faults.clear();
  }),
  route('DELETE', '/faults/:id', ({ faults }, { ids }) => {
    faults.remove(ids.id ?? '');
  }),
  route('POST', '/refuse', ({ refuseConnections }, { body }) => {
    const { forMs } = body;
    if (!(typeof forMs === 'number' && forMs > 0 && forMs <= LONGEST_TIMER_MS))
      throw new RangeError(`Give { "forMs": … }: a number of ms above 0, and at most ${LONGEST_TIMER_MS}.`);
    refuseConnections(forMs);
  }),

  route('GET', '/webhooks', ({ world }) => ({
    urls: webhookUrls(world),
    events: [...world.state.deliveries.values()].map(webhookView),
  })),
  route('GET', '/webhooks/:eventId', ({ world }, { ids }) =>
    [...world.state.deliveries.values()].filter(({ eventId }) => eventId === ids.eventId).map(webhookView),
  ),
  route('POST', '/webhooks', (parts, { body }) => {
    parts.publisher.send(tenantOf(parts, body), text(body, 'eventType'), body.data ?? {});
  }),
  route('POST', '/webhooks/:eventId/resend', ({ publisher }, { ids }) => {
    publisher.resend(ids.eventId ?? '');
  }),

  route('GET', '/requests', ({ api }) => api.requests),
  route('GET', '/requests/:number', (parts, { ids }) => {
    const request = findRequest(parts, ids.number ?? '');
    return { request: withoutSecrets(parts, request), signedAnew: signedAnew(parts, request) };
  }),
  route('GET', '/older/requests/:number', (parts, { ids }) => olderRequests(parts, Number(ids.number))),
  route('GET', '/older/webhooks/:key', (parts, { ids }) => olderWebhooks(parts, ids.key ?? '')),
  route('GET', '/log', ({ world: { log } }, { query }) => latestOf(log.entries, query.get('limit'))),
  route('GET', '/ledger', ({ world }) => ledgerOf(world)),
  route('POST', '/ledger', ({ world }, { body }) => {
    if (!isStringMap(body.metadata)) throw new RangeError('Give { "metadata": { … } }: an object of strings.');
    return ledgerFor(world, body.metadata);
  }),

  route('POST', '/snapshots', (parts) =>
    whenIdle(parts, () => {
      const name = randomUUID();
      parts.snapshots.set(name, parts.world.snapshot());
      return { id: name };
    }),
  ),
  route('POST', '/snapshots/:id/restore', (parts, { ids }) => {
    const snapshot = parts.snapshots.get(ids.id ?? '');
    if (!snapshot) throw new RangeError(`The sandbox has no snapshot ${ids.id ?? ''}.`);
    return whenIdle(parts, () => {
      parts.world.restore(snapshot);
    });
  }),
];

/** Runs `work` between two advances, when no request is being worked on and no webhook is being sent. */
function whenIdle<T>({ world, api, sender }: ControlParts, work: () => T): Promise<T> {
  return world.clock.between(async () => {
    await api.quiet();
    await sender.idle();
    return work();
  });
}

function clear(parts: ControlParts): Promise<void> {
  return whenIdle(parts, () => {
    parts.world.clear();
    parts.api.clear();
    parts.snapshots.clear();
  });
}

/** What has changed since a reader's last reading; everything, if it has read another sandbox, or long ago. */
function changes(parts: ControlParts, query: URLSearchParams): SandboxChanges {
  const { world, faults } = parts;
  const { revision } = world.changes;
  const since = Number(query.get('since') ?? Number.NaN);
  const isWhole = query.get('instance') !== world.instance || !world.changes.isKnownSince(since);
  return {
    instance: world.instance,
    revision,
    isWhole,
    ...changedRows(parts, isWhole ? undefined : since),
    info: information(parts),
    time: time(parts),
    wallets: wallets(parts),
    urls: webhookUrls(world),
    faults: faults.rules,
    spentFaults: faults.spent,
    snapshots: [...parts.snapshots.keys()],
  };
}

function webhookUrls({ state }: SandboxWorld): SandboxWebhookUrl[] {
  return [...state.registrations.values()].map(({ tenant, url, isDisabled }) => ({ ...tenant, url, isDisabled }));
}

function information(parts: ControlParts): SandboxInfo {
  const { settings, state } = parts.world;
  const { seed, rateLimits, dialect, unknowns } = settings;
  return {
    instance: parts.world.instance,
    markets: MARKET_CODES,
    apiKeys: settings.accounts.map(({ apiKey }) => apiKey),
    time: time(parts),
    seed,
    rateLimits,
    dialect,
    unknowns,
    drivers: state.script,
    counts: {
      orders: state.orders.size,
      quotations: state.quotations.size,
      requests: parts.api.requests.length,
      webhooks: state.deliveries.size,
    },
  };
}

function time({ world: { clock } }: ControlParts): SandboxTime {
  return { now: new Date(clock.now()).toISOString(), speed: clock.speed };
}

function wallets(parts: ControlParts): SandboxWallet[] {
  return [...parts.world.state.wallets.values()].map(({ tenant }) => wallet(parts, tenant));
}

function wallet({ world, wallets: all }: ControlParts, tenant: Tenant): SandboxWallet {
  const facts = world.facts(tenant);
  return { ...tenant, currency: facts.currency, balance: formatAmount(all.balance(tenant), facts) };
}

/** The account that a request names by `market` and `apiKey`. By default it is the first account. */
function tenantOf({ world }: ControlParts, body: Readonly<Record<string, unknown>>): Tenant {
  const market = text(body, 'market').toUpperCase();
  if (!MARKET_CODES.includes(market)) throw new RangeError(`The sandbox does not serve a market ${market}.`);
  const { accounts } = world.settings;
  const apiKey = body.apiKey === undefined ? accounts[0]?.apiKey : text(body, 'apiKey');
  if (apiKey === undefined || !accounts.some((account) => account.apiKey === apiKey)) {
    throw new RangeError(`The sandbox has no account ${String(apiKey)}.`);
  }
  return { apiKey, market };
}

/** The latest items of a list; all of them without a limit. */
function latestOf<T>(all: readonly T[], limit: string | null): readonly T[] {
  if (limit === null) return all;
  if (!/^[1-9]\d{0,8}$/.test(limit)) throw new RangeError('Give ?limit= a whole number above 0.');
  return all.slice(-Number(limit));
}

function id(ids: Readonly<Record<string, string>>): string {
  return ids.orderId ?? '';
}

function text(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new RangeError(`Give { "${name}": … }: a string that is not empty.`);
}

function degrees(body: Readonly<Record<string, unknown>>, name: string, limit: number): number {
  const value = body[name];
  if (typeof value === 'number' && Math.abs(value) <= limit) return value;
  throw new RangeError(`Give { "${name}": … }: a number of degrees.`);
}

/** The route of a request, and the ids in its path. */
export function findRoute(
  method: string,
  path: string,
): { route: ControlRoute; ids: Record<string, string> } | undefined {
  for (const candidate of CONTROL_ROUTES) {
    const ids = candidate.method === method ? idsOf(candidate.path, path) : undefined;
    if (ids) return { route: candidate, ids };
  }
  return undefined;
}
