/** The facts of one call of Lalamove's API, for the client, the sandbox and the error translation. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** The path, with `:name` for each id. */
  readonly path: string;
  /** Whether the call may be repeated if its outcome is unknown: not if it spends money or changes an order. */
  readonly repeatable: boolean;
  /** Whether it reads an order or a driver. Then the consumer can fix a 403; else the operator of the account can. */
  readonly shows?: true;
  /** Lalamove's limit of requests a minute for one account, by environment. */
  readonly perMinute: { readonly sandbox: number; readonly production: number };
  /** Lalamove's limit of requests a second, if there is one. */
  readonly perSecond?: number;
}

const READ = { sandbox: 50, production: 300 } as const;
/** Also for `editOrder` and `setWebhookUrl`, for which the guide states no limit. */
const WRITE = { sandbox: 30, production: 100 } as const;

/** All calls of API v3, by their methods in `LalamoveService`. The limits are those of the guide ("Rate limit"). */
export const ENDPOINTS = {
  createQuotation: { method: 'POST', path: '/v3/quotations', repeatable: true, perMinute: WRITE },
  getQuotation: { method: 'GET', path: '/v3/quotations/:quotationId', repeatable: true, perMinute: READ },
  placeOrder: { method: 'POST', path: '/v3/orders', repeatable: false, perMinute: WRITE, perSecond: 2 },
  getOrder: { method: 'GET', path: '/v3/orders/:orderId', repeatable: true, shows: true, perMinute: READ },
  editOrder: { method: 'PATCH', path: '/v3/orders/:orderId', repeatable: false, perMinute: WRITE },
  cancelOrder: { method: 'DELETE', path: '/v3/orders/:orderId', repeatable: true, perMinute: WRITE },
  addPriorityFee: { method: 'POST', path: '/v3/orders/:orderId/priority-fee', repeatable: false, perMinute: WRITE },
  getDriver: {
    method: 'GET',
    path: '/v3/orders/:orderId/drivers/:driverId',
    repeatable: true,
    shows: true,
    perMinute: READ,
  },
  changeDriver: {
    method: 'DELETE',
    path: '/v3/orders/:orderId/drivers/:driverId',
    repeatable: false,
    perMinute: WRITE,
  },
  getCities: { method: 'GET', path: '/v3/cities', repeatable: true, perMinute: READ },
  setWebhookUrl: { method: 'PATCH', path: '/v3/webhook', repeatable: true, perMinute: WRITE },
} as const satisfies Record<string, Endpoint>;

/** The name of a call: a method of `LalamoveService`. */
export type LalamoveOperation = keyof typeof ENDPOINTS;

/** A call that was found by its path. */
export interface FoundOperation extends Endpoint {
  readonly operation: LalamoveOperation;
  /** The decoded ids of the path, by name. */
  readonly ids: Readonly<Record<string, string>>;
}

/** The calls on a path, one for each HTTP method; empty if the API has no such path. */
export function operationsOfPath(pathname: string): FoundOperation[] {
  return OPERATIONS.flatMap(([operation, facts]) => {
    const ids = idsOf(facts.path, pathname);
    return ids ? [{ ...facts, operation, ids }] : [];
  });
}

const isOperation = (name: string): name is LalamoveOperation => Object.hasOwn(ENDPOINTS, name);

/** The facts of a call; `undefined` if the API has no such call. */
export function endpointOf(name: string | undefined): Endpoint | undefined {
  return name !== undefined && isOperation(name) ? ENDPOINTS[name] : undefined;
}

const OPERATIONS: readonly (readonly [LalamoveOperation, Endpoint])[] = Object.keys(ENDPOINTS)
  .filter(isOperation)
  .map((name) => [name, ENDPOINTS[name]]);

/** The decoded ids of a path, by their names in the pattern (`:name`); `undefined` if the path does not match it. */
export function idsOf(pattern: string, pathname: string): Record<string, string> | undefined {
  const [patternParts, pathParts] = [pattern.split('/'), pathname.split('/')];
  if (patternParts.length !== pathParts.length) return undefined;
  const ids: Record<string, string> = {};
  for (const [index, part] of patternParts.entries()) {
    const segment = pathParts[index] ?? '';
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
