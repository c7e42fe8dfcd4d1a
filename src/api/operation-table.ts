/** What a call of Lalamove's API is, to whoever makes it, serves it, or has to judge its failure. */
export interface OperationFacts {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `:name` for each id. */
  readonly path: string;
  /** Whether it may be sent again although Lalamove might have carried it out. What spends or changes an order may not. */
  readonly repeatable: boolean;
  /** Whether it shows an order or a driver: there a 403 is about what its consumer asked for, elsewhere about the account. */
  readonly shows?: true;
  /** How many requests a minute Lalamove takes from one account, by environment. */
  readonly perMinute: { readonly sandbox: number; readonly production: number };
  /** How many of them a second, where that is limited too. */
  readonly perSecond?: number;
}

const READ = { sandbox: 50, production: 300 } as const;
/** Also for editing and the webhook URL, for which the guide names no limit. */
const WRITE = { sandbox: 30, production: 100 } as const;

/** Every call of API v3, by its method in `LalamoveService`; the limits are those of its guide ("Rate limit"). */
export const OPERATION_TABLE = {
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
} as const satisfies Record<string, OperationFacts>;

/** The name of a call, as in `LalamoveService`. */
export type LalamoveOperation = keyof typeof OPERATION_TABLE;

/** A call found by its path. */
export interface FoundOperation extends OperationFacts {
  readonly operation: LalamoveOperation;
  /** The decoded ids, by their names in the path. */
  readonly ids: Readonly<Record<string, string>>;
}

/** The calls that a path can mean, one for each method that it has; empty for a path that the API does not have. */
export function operationsOfPath(pathname: string): FoundOperation[] {
  return OPERATIONS.flatMap(([operation, facts]) => {
    const ids = idsOf(facts.path, pathname);
    return ids ? [{ ...facts, operation, ids }] : [];
  });
}

const isOperation = (name: string): name is LalamoveOperation => Object.hasOwn(OPERATION_TABLE, name);

/** The facts of a call, or `undefined` for a name that the API does not have. */
export function operationFacts(name: string | undefined): OperationFacts | undefined {
  return name !== undefined && isOperation(name) ? OPERATION_TABLE[name] : undefined;
}

const OPERATIONS: readonly (readonly [LalamoveOperation, OperationFacts])[] = Object.keys(OPERATION_TABLE)
  .filter(isOperation)
  .map((name) => [name, OPERATION_TABLE[name]]);

/** The decoded ids of a path, by their names in its pattern (`:name`); `undefined` for a path that the pattern does not mean. */
export function idsOf(pattern: string, pathname: string): Record<string, string> | undefined {
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
