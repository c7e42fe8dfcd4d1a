import { getCities, setWebhookUrl } from './account-calls.js';
import type { MarketFacts } from './market-facts.js';
import {
  addPriorityFee,
  cancelOrder,
  changeDriver,
  editOrder,
  getDriver,
  getOrder,
  placeOrder,
} from './order-calls.js';
import { createQuotation, getQuotation } from './quotation-calls.js';
import type { SandboxState } from './sandbox-state.js';

/** A call whose signature, market and body have been checked. */
export interface SandboxCall {
  readonly state: SandboxState;
  readonly market: string;
  readonly facts: MarketFacts;
  /** By the names in the path. */
  readonly ids: Readonly<Record<string, string>>;
  /** The `data` of the body; empty where there is none. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a call answers: `data` goes into the envelope, none is a 204. */
export interface SandboxAnswer {
  status: number;
  data?: unknown;
}

/** A call of the API, named as `LalamoveService` names it. */
export interface SandboxRoute {
  readonly operation: SandboxOperation;
  readonly ids: Readonly<Record<string, string>>;
  readonly handle: (call: SandboxCall) => SandboxAnswer;
}

const ROUTES = [
  { operation: 'createQuotation', method: 'POST', path: '/v3/quotations', handle: createQuotation },
  { operation: 'getQuotation', method: 'GET', path: '/v3/quotations/:quotationId', handle: getQuotation },
  { operation: 'placeOrder', method: 'POST', path: '/v3/orders', handle: placeOrder },
  { operation: 'getOrder', method: 'GET', path: '/v3/orders/:orderId', handle: getOrder },
  { operation: 'editOrder', method: 'PATCH', path: '/v3/orders/:orderId', handle: editOrder },
  { operation: 'cancelOrder', method: 'DELETE', path: '/v3/orders/:orderId', handle: cancelOrder },
  { operation: 'addPriorityFee', method: 'POST', path: '/v3/orders/:orderId/priority-fee', handle: addPriorityFee },
  { operation: 'getDriver', method: 'GET', path: '/v3/orders/:orderId/drivers/:driverId', handle: getDriver },
  { operation: 'changeDriver', method: 'DELETE', path: '/v3/orders/:orderId/drivers/:driverId', handle: changeDriver },
  { operation: 'getCities', method: 'GET', path: '/v3/cities', handle: getCities },
  { operation: 'setWebhookUrl', method: 'PATCH', path: '/v3/webhook', handle: setWebhookUrl },
] as const;

/** The name of a call, as in `LalamoveService`. */
export type SandboxOperation = (typeof ROUTES)[number]['operation'];

/** The route of a request; `'method'` where the path exists but not for this method, `undefined` where it does not. */
export function findRoute(method: string, pathname: string): SandboxRoute | 'method' | undefined {
  const matching = ROUTES.flatMap((route) => {
    const ids = matchPath(route.path, pathname);
    return ids ? [{ route, ids }] : [];
  });
  const found = matching.find(({ route }) => route.method === method);
  if (!found) return matching.length > 0 ? 'method' : undefined;
  return { operation: found.route.operation, handle: found.route.handle, ids: found.ids };
}

function matchPath(pattern: string, pathname: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), pathname.split('/')];
  if (wanted.length !== given.length) return undefined;
  const ids: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = given[index] ?? '';
    if (part.startsWith(':')) ids[part.slice(1)] = decoded(segment);
    else if (part !== segment) return undefined;
  }
  return ids;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
