import type { MarketFacts } from '../sandbox/state/market-facts.js';

/** What earlier steps have found out. */
export interface Findings {
  /** A service that the account offers. */
  serviceType: string;
  quotationId?: string;
  stopIds: readonly string[];
  orderId?: string;
  driverId?: string;
  /** The status of the order, as last seen. */
  orderStatus?: string;
}

/** A request of the scenario. */
export interface ScenarioRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** The `data` of the envelope, or a text that is sent as it is. */
  readonly data?: object | string;
  /** A wrong market. */
  readonly market?: string;
  /** Whether the signature is wrong. */
  readonly isBadlySigned?: boolean;
}

/** A step of the scenario. */
export interface Step {
  readonly name: string;
  /** @returns `undefined` if it cannot be sent, because an earlier step failed or there is no driver */
  readonly request: (found: Findings, market: ScenarioMarket) => ScenarioRequest | undefined;
  /** Whether the answer depends on the progress of the driver. */
  readonly dependsOnDriver?: true;
}

/** What the scenario needs of a market. */
export interface ScenarioMarket {
  readonly facts: MarketFacts;
  readonly phone: string;
}

/** Phones of nobody, which are valid in their market. */
const PHONES: Readonly<Record<string, string>> = {
  AE: '+971501234567',
  BR: '+5511912345678',
  HK: '+85251234567',
  ID: '+628123456789',
  JP: '+819012345678',
  MX: '+525512345678',
  MY: '+60123456789',
  PH: '+639171234567',
  SA: '+966501234567',
  SG: '+6591234567',
  TH: '+66812345678',
  TW: '+886912345678',
  VN: '+84901234567',
};

/** The places and the phone of a market. */
export function scenarioMarket(market: string, facts: MarketFacts): ScenarioMarket {
  return { facts, phone: PHONES[market] ?? '+85251234567' };
}

const UNKNOWN_ID = '1000000000000000001';

function stop(
  { facts }: ScenarioMarket,
  north: number,
): { coordinates: { lat: string; lng: string }; address: string } {
  const [{ lat, lng }] = facts.cities;
  return {
    coordinates: { lat: (lat + north).toFixed(6), lng: lng.toFixed(6) },
    address: `Conformance street ${1 + north * 100}`,
  };
}

function quotation(found: Findings, market: ScenarioMarket): Record<string, unknown> {
  const language = market.facts.languages[0] ?? 'en_HK';
  return { serviceType: found.serviceType, language, stops: [stop(market, 0), stop(market, 0.01)] };
}

/** A step that asks for a wrong quotation. */
function wrongQuotation(
  name: string,
  change: (right: Record<string, unknown>, market: ScenarioMarket) => object,
): Step {
  const request: Step['request'] = (found, market) => ({
    method: 'POST',
    path: '/v3/quotations',
    data: change(quotation(found, market), market),
  });
  return { name, request };
}

function order({ quotationId = UNKNOWN_ID, stopIds }: Findings, phone: string): object {
  const person = { name: 'Conformance Test', phone };
  const [from = UNKNOWN_ID, to = UNKNOWN_ID] = stopIds;
  return {
    quotationId,
    sender: { stopId: from, ...person },
    recipients: [{ stopId: to, ...person, remarks: 'Conformance test' }],
    metadata: { test: 'conformance' },
  };
}

/** A step about the order that was placed. */
function ofOrder(
  name: string,
  request: (path: string, found: Findings, market: ScenarioMarket) => ScenarioRequest,
): Step {
  return {
    name,
    request: (found, market) =>
      found.orderId === undefined ? undefined : request(`/v3/orders/${found.orderId}`, found, market),
    dependsOnDriver: true,
  };
}

/** A priority fee in the market's currency, as a multiple of the price of a km. */
function fee({ facts }: ScenarioMarket, times: number): object {
  return { priorityFee: (Math.ceil(facts.perKm * times * 10) / 10).toFixed(facts.decimals) };
}

const PLACE =
  (phone?: string): Step['request'] =>
  (found, market) =>
    found.quotationId === undefined
      ? undefined
      : { method: 'POST', path: '/v3/orders', data: order(found, phone ?? market.phone) };

/** The scenario. Steps that place orders are cancelled at the end, whatever happens. */
export const SCENARIO: readonly Step[] = [
  { name: 'cities', request: () => ({ method: 'GET', path: '/v3/cities' }) },
  { name: 'bad-signature', request: () => ({ method: 'GET', path: '/v3/cities', isBadlySigned: true }) },
  { name: 'unknown-market', request: () => ({ method: 'GET', path: '/v3/cities', market: 'ZZ' }) },
  {
    name: 'quote',
    request: (found, market) => ({ method: 'POST', path: '/v3/quotations', data: quotation(found, market) }),
  },
  {
    name: 'get-quotation',
    request: ({ quotationId }) =>
      quotationId === undefined ? undefined : { method: 'GET', path: `/v3/quotations/${quotationId}` },
  },
  { name: 'get-unknown-quotation', request: () => ({ method: 'GET', path: `/v3/quotations/${UNKNOWN_ID}` }) },
  { name: 'quote-malformed', request: () => ({ method: 'POST', path: '/v3/quotations', data: '{"data":' }) },
  { name: 'quote-empty', request: () => ({ method: 'POST', path: '/v3/quotations', data: {} }) },
  wrongQuotation('quote-one-stop', (right, market) => ({ ...right, stops: [stop(market, 0)] })),
  wrongQuotation('quote-unknown-service', (right) => ({ ...right, serviceType: 'NO_SUCH_SERVICE' })),
  wrongQuotation('quote-unknown-request', (right) => ({ ...right, specialRequests: ['NO_SUCH_REQUEST'] })),
  wrongQuotation('quote-past', (right) => ({ ...right, scheduleAt: '2020-01-01T00:00:00Z' })),
  wrongQuotation('quote-outside', (right, market) => ({
    ...right,
    stops: [stop(market, 0), { coordinates: { lat: '0.000001', lng: '-140.000000' }, address: 'Pacific' }],
  })),
  wrongQuotation('quote-number-coordinates', (right, market) => ({
    ...right,
    stops: [
      stop(market, 0),
      { coordinates: { lat: market.facts.cities[0].lat, lng: market.facts.cities[0].lng }, address: 'x' },
    ],
  })),
  wrongQuotation('quote-unknown-field', (right) => ({ ...right, noSuchField: 'x' })),
  {
    name: 'place-unknown-quotation',
    request: (_, market) => ({
      method: 'POST',
      path: '/v3/orders',
      data: order({ serviceType: '', stopIds: [] }, market.phone),
    }),
  },
  { name: 'place-bad-phone', request: PLACE('+1') },
  { name: 'get-unknown-order', request: () => ({ method: 'GET', path: `/v3/orders/${UNKNOWN_ID}` }) },
  { name: 'cancel-unknown-order', request: () => ({ method: 'DELETE', path: `/v3/orders/${UNKNOWN_ID}` }) },
  { name: 'place', request: PLACE() },
  ofOrder('get-order', (path) => ({ method: 'GET', path })),
  { name: 'place-same-quotation', request: PLACE() },
  ofOrder('fee', (path, _, market) => ({ method: 'POST', path: `${path}/priority-fee`, data: fee(market, 3) })),
  ofOrder('fee-not-above-last', (path, _, market) => ({
    method: 'POST',
    path: `${path}/priority-fee`,
    data: fee(market, 2),
  })),
  ofOrder('fee-no-amount', (path) => ({ method: 'POST', path: `${path}/priority-fee`, data: { priorityFee: 'x' } })),
  ofOrder('edit', (path, _, market) => {
    const person = { name: 'Conformance Test', phone: market.phone, remarks: 'Conformance test' };
    const stops = [stop(market, 0), stop(market, 0.012)].map((each) => ({ ...each, ...person }));
    return { method: 'PATCH', path, data: { stops } };
  }),
  {
    name: 'get-driver',
    request: ({ orderId, driverId }) =>
      orderId === undefined || driverId === undefined
        ? undefined
        : { method: 'GET', path: `/v3/orders/${orderId}/drivers/${driverId}` },
    dependsOnDriver: true,
  },
  ofOrder('get-unknown-driver', (path) => ({ method: 'GET', path: `${path}/drivers/1` })),
  ofOrder('change-unknown-driver', (path) => ({
    method: 'DELETE',
    path: `${path}/drivers/1`,
    data: { reason: 'DRIVER_LATE' },
  })),
  ofOrder('cancel', (path) => ({ method: 'DELETE', path })),
  ofOrder('get-cancelled-order', (path) => ({ method: 'GET', path })),
  ofOrder('cancel-again', (path) => ({ method: 'DELETE', path })),
];

/** The step that is repeated until the limit answers 429. */
export const LIMIT_STEP: Step = {
  name: 'limit',
  request: () => ({ method: 'GET', path: `/v3/orders/${UNKNOWN_ID}` }),
};

/** Above every limit of the sandbox for one call. */
export const LIMIT_REQUESTS = 60;
