import type { LalamoveErrorCode } from 'nestjs-lalamove';
import type { HostAnswer } from '../support/host-app.js';
import { EDIT, QUOTATION } from '../support/inputs.js';
import { STOP, OTHER_CUSTOMER, THAI, type Stage } from './refusal-stage.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Which version's codes the sandbox answers with. */
export type Dialect = 'v3' | 'v2';

type Provoke = (stage: Stage) => Promise<HostAnswer>;

/** How to make the sandbox refuse a request. */
export interface Provocation {
  readonly status: number;
  readonly code: LalamoveErrorCode;
  readonly dialect: Dialect;
  /** The cause in words. */
  readonly by: string;
  readonly provoke: Provoke;
  /** The pointer, which only v3 has. */
  readonly pointer?: string;
  /**
   * Whether the request was about an order or a driver. Then a 403 is passed on to the consumer under either policy.
   */
  readonly reads?: boolean;
  /** Whether the sandbox has no rule for this answer. */
  readonly isInjected?: boolean;
}

type Details = Pick<Provocation, 'pointer' | 'reads'>;

const inDialect =
  (dialect: Dialect) =>
  (status: number, code: LalamoveErrorCode, by: string, provoke: Provoke, details: Details = {}): Provocation => ({
    status,
    code,
    dialect,
    by,
    provoke,
    ...details,
  });
const v3 = inDialect('v3');
const v2 = inDialect('v2');

/** Refusals with 422 in v3 and 409 in v2. */
const both = (code: LalamoveErrorCode, by: string, provoke: Provoke, details?: Details): Provocation[] => [
  v3(422, code, by, provoke, details),
  v2(409, code, by, provoke),
];

/** Rows that no rule of the sandbox answers, with the reason. */
const injected = (dialect: Dialect, status: number, code: LalamoveErrorCode, why: string): Provocation => ({
  ...inDialect(dialect)(status, code, `a script, since ${why}`, (stage) => stage.cities(code, status)),
  isInjected: true,
});

export const WITHOUT_RULE: readonly Provocation[] = [
  injected('v2', 409, 'ERR_INVALID_PAYMENT_METHOD', 'v3 has no payment method in a request'),
  injected('v2', 409, 'ERR_INVALID_CURRENCY', 'v3 has no currency in a request'),
  injected('v2', 409, 'ERR_PRICE_MISMATCH', 'a v3 order names a quotation, and no price'),
  injected('v3', 422, 'ERR_QUOTATION_EXPIRED', 'the sandbox refuses an old quotation as ERR_INVALID_QUOTATION_ID'),
  injected('v3', 402, 'ERR_INSUFFICIENT_BALANCE', 'the sandbox refuses an empty wallet as ERR_INSUFFICIENT_CREDIT'),
  injected('v3', 422, 'ERR_INSUFFICIENT_BALANCE', 'the sandbox refuses an empty wallet as ERR_INSUFFICIENT_CREDIT'),
  injected('v3', 500, 'LALAMOVE_SERVER_ERROR', 'the sandbox has no server errors unless a fault says so'),
];

export const RULES: readonly Provocation[] = [
  // Before a call is handled: keys, markets, paths, limits, bodies.
  v3(401, 'LALAMOVE_UNAUTHORIZED', 'a signature with another secret', (stage) =>
    stage.citiesAs({ apiSecret: 'sk_test_wrong' }),
  ),
  v3(401, 'LALAMOVE_UNAUTHORIZED', 'an unknown key', (stage) => stage.citiesAs({ apiKey: 'pk_test_nobody' })),
  v2(502, 'LALAMOVE_SERVER_ERROR', 'a signature with another secret, which the gateway drops', (stage) =>
    stage.citiesAs({ apiSecret: 'sk_test_wrong' }),
  ),
  v3(404, 'LALAMOVE_NOT_FOUND', 'a path that the API does not have', (stage) => stage.bytes('GET', '/v3/couriers')),
  v3(422, 'ERR_INVALID_MARKET', 'a market that is not served', (stage) => stage.citiesAs({ market: 'XX' })),
  v2(409, 'ERR_INVALID_COUNTRY', 'a market that is not served', (stage) => stage.citiesAs({ market: 'XX' })),
  v3(409, 'ERR_INVALID_COUNTRY', 'keys of another market', (stage) => stage.citiesAs({ ...THAI, market: 'HK' })),
  v3(400, 'ERR_MALFORMED_JSON_BODY', 'a body that ends too early', (stage) =>
    stage.bytes('POST', '/v3/quotations', '{"data":'),
  ),
  v2(400, 'ERR_MALFORMED_JSON_BODY', 'a body that ends too early', (stage) =>
    stage.bytes('POST', '/v3/quotations', '{"data":'),
  ),
  v3(429, 'ERR_RATE_LIMIT_EXCEEDED', 'the 31st cancellation of a minute', async (stage) => {
    await stage.cancelInVain();
    return stage.call('DELETE', 'lalamove/orders/1');
  }),
  v2(429, 'LALAMOVE_RATE_LIMITED', 'the 31st cancellation of a minute', async (stage) => {
    await stage.cancelInVain();
    return stage.call('DELETE', 'lalamove/orders/1');
  }),
  v3(429, 'ERR_TOO_MANY_REQUESTS', 'the third order of a second', async (stage) => {
    await stage.placed();
    await stage.placed();
    return stage.order();
  }),
  v2(429, 'ERR_TOO_MANY_REQUESTS', 'the third order of a second', async (stage) => {
    await stage.placed();
    await stage.placed();
    return stage.order();
  }),

  // Quotations.
  v3(400, 'ERR_BAD_REQUEST', 'coordinates that are numbers', (stage) =>
    stage.quoteUnchecked({ stops: [STOP, { ...STOP, coordinates: { lat: 22.2759, lng: 114.1455 } }] }),
  ),
  v3(422, 'ERR_MISSING_FIELD', 'no service type', (stage) => stage.quoteUnchecked({ serviceType: undefined }), {
    pointer: '/data/serviceType',
  }),
  v2(409, 'ERR_REQUIRED_FIELD', 'no service type', (stage) => stage.quoteUnchecked({ serviceType: undefined })),
  ...both('ERR_REQUIRED_FIELD', 'an empty service type', (stage) => stage.quoteUnchecked({ serviceType: '' }), {
    pointer: '/data/serviceType',
  }),
  v3(422, 'ERR_INVALID_FIELD', 'a language of another market', (stage) => stage.quote({ language: 'th_TH' }), {
    pointer: '/data/language',
  }),
  v2(409, 'ERR_INVALID_LOCALE', 'a language of another market', (stage) => stage.quote({ language: 'th_TH' })),
  v3(
    422,
    'ERR_INVALID_FIELD',
    'a weight that the service does not list',
    (stage) => stage.quote({ item: { weight: 'A_TON' } }),
    { pointer: '/data/item/weight' },
  ),
  v2(409, 'ERR_INVALID_PARAMS', 'a weight that the service does not list', (stage) =>
    stage.quote({ item: { weight: 'A_TON' } }),
  ),
  v3(
    422,
    'ERR_INSUFFICIENT_STOPS',
    'a body without the envelope',
    (stage) => stage.bytes('POST', '/v3/quotations', JSON.stringify(QUOTATION)),
    { pointer: '/data/stops' },
  ),
  ...both('ERR_INSUFFICIENT_STOPS', 'only a pick-up', (stage) => stage.quoteUnchecked({ stops: [STOP] }), {
    pointer: '/data/stops',
  }),
  ...both(
    'ERR_TOO_MANY_STOPS',
    'seventeen drop-offs',
    (stage) => stage.quoteUnchecked({ stops: Array.from({ length: 18 }, () => STOP) }),
    { pointer: '/data/stops' },
  ),
  ...both(
    'ERR_INVALID_SCHEDULE_TIME',
    'a pick-up in the past',
    (stage) => stage.quote({ scheduleAt: stage.time(-MINUTE) }),
    { pointer: '/data/scheduleAt' },
  ),
  ...both(
    'ERR_INVALID_SERVICE_TYPE',
    'a service that the city does not have',
    (stage) => stage.quote({ serviceType: 'TRICYCLE' }),
    { pointer: '/data/serviceType' },
  ),
  ...both(
    'ERR_INVALID_SPECIAL_REQUEST',
    'a tailboard on a motorcycle',
    (stage) => stage.quote({ specialRequests: ['TAILBOARD'] }),
    { pointer: '/data/specialRequests/0' },
  ),
  ...both(
    'ERR_OUT_OF_SERVICE_AREA',
    'a drop-off in Canton',
    (stage) => stage.quote({ stops: [STOP, { coordinates: { lat: '23.13', lng: '113.26' }, address: 'Canton' }] }),
    { pointer: '/data/stops/1' },
  ),
  ...both('ERR_REVERSE_GEOCODE_FAILURE', 'an address that names only the city', (stage) =>
    stage.quote({ stops: [STOP, { address: 'Hong Kong' }] }),
  ),
  v3(422, 'ERR_UNKNOWN_FIELD', 'a name in a stop', (stage) =>
    stage.quoteUnchecked({ stops: [STOP, { ...STOP, name: 'Ada' }] }),
  ),
  v3(422, 'ERR_INCORRECT_ADDRESS', 'an address without a word', (stage) =>
    stage.quote({ stops: [STOP, { address: ', ,' }] }),
  ),

  // Placing an order.
  v3(402, 'ERR_INSUFFICIENT_CREDIT', 'an empty wallet', async (stage) => {
    await stage.emptyWallet();
    return stage.order();
  }),
  v2(402, 'ERR_INSUFFICIENT_CREDIT', 'an empty wallet', async (stage) => {
    await stage.emptyWallet();
    return stage.order();
  }),
  v3(
    422,
    'ERR_INVALID_QUOTATION_ID',
    'a quotation of five minutes ago',
    (stage) => stage.order(undefined, { after: 5 * MINUTE }),
    { pointer: '/data/quotationId' },
  ),
  ...both(
    'ERR_INVALID_PHONE_NUMBER',
    'a phone of Singapore',
    (stage) => stage.order(({ sender }) => ({ sender: { ...sender, phone: '+6591234567' } })),
    { pointer: '/data/sender/phone' },
  ),
  v3(
    422,
    'ERR_MISSING_FIELD',
    'a drop-off without a recipient',
    (stage) => stage.order(({ recipients }) => ({ recipients: recipients.slice(1) }), { stops: [STOP, STOP, STOP] }),
    { pointer: '/data/recipients' },
  ),
  v2(409, 'ERR_DELIVERY_MISMATCH', 'a drop-off without a recipient', (stage) =>
    stage.order(({ recipients }) => ({ recipients: recipients.slice(1) }), { stops: [STOP, STOP, STOP] }),
  ),

  // Existing and missing orders.
  v3(
    403,
    'LALAMOVE_FORBIDDEN',
    'reading the order of another account',
    async (stage) => stage.call('GET', await stage.placed(OTHER_CUSTOMER)),
    { reads: true },
  ),
  v3(
    403,
    'LALAMOVE_FORBIDDEN',
    'reading an order that is sixty days old',
    async (stage) => {
      const order = await stage.placed();
      await stage.later(60 * DAY + 1);
      return stage.call('GET', order);
    },
    { reads: true },
  ),
  v3(
    403,
    'LALAMOVE_FORBIDDEN',
    'reading a driver two hours before the pick-up',
    async (stage) => stage.call('GET', (await stage.accepted({ scheduleAt: stage.time(2 * HOUR) })).driver),
    { reads: true },
  ),
  v2(
    403,
    'LALAMOVE_FORBIDDEN',
    'reading the order of another account',
    async (stage) => stage.call('GET', await stage.placed(OTHER_CUSTOMER)),
    { reads: true },
  ),
  v3(403, 'LALAMOVE_FORBIDDEN', 'cancelling the order of another account', async (stage) =>
    stage.call('DELETE', await stage.placed(OTHER_CUSTOMER)),
  ),
  v3(404, 'ERR_ORDER_NOT_FOUND', 'an order that does not exist', (stage) => stage.call('GET', 'lalamove/orders/1')),
  v2(404, 'LALAMOVE_NOT_FOUND', 'an order that does not exist', (stage) => stage.call('GET', 'lalamove/orders/1')),
  v3(422, 'ERR_ORDER_NOT_FOUND', 'an order of another market', async (stage) =>
    stage.call('GET', await stage.placedInThailand()),
  ),
  v3(404, 'ERR_DRIVER_NOT_FOUND', 'a driver that does not exist', async (stage) =>
    stage.call('GET', `${await stage.placed()}/drivers/1`),
  ),
  v3(422, 'ERR_CANCELLATION', 'cancelling again', async (stage) => {
    const order = await stage.placed();
    await stage.call('DELETE', order);
    return stage.call('DELETE', order);
  }),
  v2(409, 'ERR_CANCELLATION_FORBIDDEN', 'cancelling again', async (stage) => {
    const order = await stage.placed();
    await stage.call('DELETE', order);
    return stage.call('DELETE', order);
  }),
  v3(409, 'ERR_CANCELLATION_FORBIDDEN', 'cancelling five minutes after the match', async (stage) => {
    const { order } = await stage.accepted();
    await stage.later(5 * MINUTE + 1);
    return stage.call('DELETE', order);
  }),
  v3(422, 'ERR_ORDER_EDIT', 'an edit before the match', async (stage) =>
    stage.call('PATCH', await stage.placed(), EDIT),
  ),
  v3(422, 'ERR_CHANGE_DRIVER', 'another driver in the first quarter of an hour', async (stage) =>
    stage.call('DELETE', (await stage.accepted()).driver, { reason: 'DRIVER_LATE' }),
  ),
  v3(422, 'ERR_INVALID_ORDER_STATUS', 'a priority fee after the match', async (stage) =>
    stage.hurry((await stage.accepted()).order, '20'),
  ),
  v3(
    422,
    'ERR_EXCEED_MIN_TIPS',
    'a priority fee of one dollar',
    async (stage) => stage.hurry(await stage.placed(), '1'),
    { pointer: '/data/priorityFee' },
  ),
  v3(
    422,
    'ERR_EXCEED_MAX_TIPS',
    'a priority fee of ten thousand dollars',
    async (stage) => stage.hurry(await stage.placed(), '10000'),
    { pointer: '/data/priorityFee' },
  ),
  v3(
    422,
    'ERR_INVALID_TIPS',
    'the same priority fee twice',
    async (stage) => {
      const order = await stage.placed();
      await stage.hurry(order, '20');
      return stage.hurry(order, '20');
    },
    { pointer: '/data/priorityFee' },
  ),

  // The account.
  v3(422, 'ERR_INVALID_RESPONSE', 'a webhook URL that answers 404', (stage) =>
    stage.call('PATCH', 'webhook', { url: `${stage.url}/nowhere` }),
  ),
];
