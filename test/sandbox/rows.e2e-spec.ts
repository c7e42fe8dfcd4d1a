import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Body, Controller, Patch, Post } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import {
  ERROR_CATALOG,
  LalamoveModule,
  LalamoveService,
  type ErrorRow,
  type LalamoveErrorCode,
  type PlaceOrderDto,
  type WebhookRegistration,
} from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock, type SandboxAccount } from 'nestjs-lalamove/sandbox';
import { firstValueFrom } from 'rxjs';
import { StorefrontController } from '../../examples/storefront/storefront.controller.js';
import { accountOn } from '../support/account.js';
import type { Policy } from '../errors/answering-hosts.js';
import { PLATFORMS, request, startHost, type HostAnswer, type HostApp } from '../support/host-app.js';
import { booked, EDIT, orderOf, QUOTATION } from '../support/inputs.js';

type Dialect = 'v3' | 'v2';

/** Others on the same sandbox: another customer, and one whose keys belong to Thailand alone. */
const STRANGER: SandboxAccount = { apiKey: 'pk_test_stranger', apiSecret: 'sk_test_stranger' };
const THAI: SandboxAccount = { apiKey: 'pk_test_thai', apiSecret: 'sk_test_thai', market: 'TH' };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A stop as it travels. */
const STOP = { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak' };

/** A request that the host is to make as it is. */
interface Bytes {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string;
}

/** The host's own calls to Lalamove, past `LalamoveService`: for what the typed service would never send. */
@Controller('bytes')
class BytesController {
  constructor(private readonly http: HttpService) {}

  @Post()
  async send(@Body() { url, method, headers, body }: Bytes): Promise<unknown> {
    // Axios would write a text anew, and the signature would not fit any more.
    const data = Buffer.from(body);
    return (await firstValueFrom(this.http.request<unknown>({ url, method, headers, data }))).data;
  }
}

/** The one call that the storefront does not make. */
@Controller('webhook')
class WebhookController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Patch()
  set(@Body() { url }: { url: string }): Promise<WebhookRegistration> {
    return this.lalamove.setWebhookUrl(url);
  }
}

/** A host app and the sandbox behind it. What is to be refused goes through the host's own REST API; what only leads there does not. */
class Stage {
  readonly #lalamove: LalamoveService;

  constructor(
    readonly sandbox: LalamoveSandbox,
    private readonly host: HostApp,
  ) {
    this.#lalamove = host.app.get(LalamoveService);
  }

  get url(): string {
    return this.host.url;
  }

  /** A request of the host's consumer. */
  call(method: string, path: string, body?: unknown): Promise<HostAnswer> {
    return request(method, `${this.url}/${path}`, body);
  }

  quote(more: object): Promise<HostAnswer> {
    return this.call('POST', 'quotes', { ...QUOTATION, ...more });
  }

  /** Orders a quotation that was made `after` ms ago. */
  async order(
    change: (order: PlaceOrderDto) => Partial<PlaceOrderDto> = () => ({}),
    { stops = QUOTATION.stops, after = 0 } = {},
  ): Promise<HostAnswer> {
    const order = orderOf(await this.#lalamove.createQuotation({ ...QUOTATION, stops }));
    await this.later(after);
    return this.call('POST', 'lalamove/orders', { ...order, ...change(order) });
  }

  hurry(orderPath: string, priorityFee: string): Promise<HostAnswer> {
    return this.call('POST', `${orderPath}/priority-fee`, { priorityFee });
  }

  /** Has the host send these bytes, really signed: by its own keys in its own market, but for what is given. */
  bytes(method: string, path: string, body = '', account: Partial<SandboxAccount> = {}): Promise<HostAnswer> {
    const { sandbox } = this;
    const { apiKey = sandbox.apiKey, apiSecret = sandbox.apiSecret, market = 'HK' } = account;
    const timestamp = String(sandbox.clock.now());
    const signed = `${timestamp}\r\n${method}\r\n${path}\r\n\r\n${body}`;
    const signature = createHmac('sha256', apiSecret).update(signed).digest('hex');
    const authorization = `hmac ${apiKey}:${timestamp}:${signature}`;
    const headers = { authorization, market, 'content-type': 'application/json' };
    return this.call('POST', 'bytes', { url: sandbox.url + path, method, headers, body } satisfies Bytes);
  }

  citiesAs(account: Partial<SandboxAccount>): Promise<HostAnswer> {
    return this.bytes('GET', '/v3/cities', '', account);
  }

  /** Asks for a quotation that the host's local checks would refuse. */
  quoteUnchecked(more: object): Promise<HostAnswer> {
    const data = { ...QUOTATION, stops: [STOP, STOP], ...more };
    return this.bytes('POST', '/v3/quotations', JSON.stringify({ data }));
  }

  /** Places an order; the way to it in the host's API. */
  async placed(keys?: SandboxAccount): Promise<string> {
    const by = keys ? this.#lalamove.forAccount({ ...keys, market: 'HK' }) : this.#lalamove;
    return `lalamove/orders/${(await booked(by)).orderId}`;
  }

  /** An order of the same keys in another market. */
  async placedInThailand(): Promise<string> {
    const { apiKey, apiSecret } = this.sandbox;
    const lalamove = this.#lalamove.forAccount({ apiKey, apiSecret, market: 'TH' });
    const stops = [{ address: 'Sukhumvit Road 1' }, { address: 'Rama IV Road 2' }];
    const order = orderOf(await lalamove.createQuotation({ ...QUOTATION, language: 'th_TH', stops }));
    const people = [order.sender, ...order.recipients].map((person) => ({ ...person, phone: '+66812345678' }));
    const [sender = order.sender, ...recipients] = people;
    return `lalamove/orders/${(await lalamove.placeOrder({ ...order, sender, recipients })).orderId}`;
  }

  /** An order that a driver has just accepted, and the way to the driver. */
  async accepted({ scheduleAt }: { scheduleAt?: string } = {}): Promise<{ order: string; driver: string }> {
    const quotation = { ...QUOTATION, ...(scheduleAt !== undefined && { scheduleAt }) };
    const { orderId } = await this.#lalamove.placeOrder(orderOf(await this.#lalamove.createQuotation(quotation)));
    const { driverId } = this.sandbox.moveOrder(orderId, 'ON_GOING');
    return { order: `lalamove/orders/${orderId}`, driver: `lalamove/orders/${orderId}/drivers/${driverId}` };
  }

  /** The time in so many ms, as requests write it. */
  time(inMs: number): string {
    return new Date(this.sandbox.clock.now() + inMs).toISOString();
  }

  later(ms: number): Promise<void> {
    return this.sandbox.advance(ms);
  }

  async emptyWallet(): Promise<void> {
    await this.sandbox.control.setBalance({ market: 'HK' }, '0');
  }

  /** Fills the bucket of cancellations to its brim. */
  async cancelInVain(): Promise<void> {
    await Promise.allSettled(Array.from({ length: 30 }, () => this.#lalamove.cancelOrder('1')));
  }

  /** Has the sandbox answer what it has no rule for. */
  cities(code: LalamoveErrorCode, status: number): Promise<HostAnswer> {
    this.sandbox.respondNext({ code, status, shape: code.startsWith('ERR_') ? 'message' : 'empty' });
    return this.call('GET', 'cities');
  }
}

type Provoke = (stage: Stage) => Promise<HostAnswer>;

/** How the sandbox is brought to a refusal. */
interface Provocation {
  readonly status: number;
  readonly code: LalamoveErrorCode;
  readonly dialect: Dialect;
  /** What it is provoked by, in words. */
  readonly by: string;
  readonly provoke: Provoke;
  /** Where the fault is, as v3 alone tells it. */
  readonly pointer?: string;
  /** Whether an order or a driver was to be seen: there a 403 is the consumer's own, under either policy. */
  readonly reads?: boolean;
  /** Whether the sandbox has no rule that answers so. */
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

/** What v3 refuses with 422, and v2 with 409. */
const both = (code: LalamoveErrorCode, by: string, provoke: Provoke, details?: Details): Provocation[] => [
  v3(422, code, by, provoke, details),
  v2(409, code, by, provoke),
];

/** What no rule of the sandbox answers, and why. */
const injected = (dialect: Dialect, status: number, code: LalamoveErrorCode, why: string): Provocation => ({
  ...inDialect(dialect)(status, code, `a script, since ${why}`, (stage) => stage.cities(code, status)),
  isInjected: true,
});

// prettier-ignore
const WITHOUT_RULE: readonly Provocation[] = [
  injected('v2', 409, 'ERR_INVALID_PAYMENT_METHOD', 'v3 has no payment method in a request'),
  injected('v2', 409, 'ERR_INVALID_CURRENCY', 'v3 has no currency in a request'),
  injected('v2', 409, 'ERR_PRICE_MISMATCH', 'a v3 order names a quotation, and no price'),
  injected('v3', 422, 'ERR_QUOTATION_EXPIRED', 'the sandbox refuses an old quotation as ERR_INVALID_QUOTATION_ID'),
  injected('v3', 402, 'ERR_INSUFFICIENT_BALANCE', 'the sandbox refuses an empty wallet as ERR_INSUFFICIENT_CREDIT'),
  injected('v3', 422, 'ERR_INSUFFICIENT_BALANCE', 'the sandbox refuses an empty wallet as ERR_INSUFFICIENT_CREDIT'),
  injected('v3', 500, 'LALAMOVE_SERVER_ERROR', 'the sandbox has no trouble with its server unless it is told to'),
];

// prettier-ignore
const RULES: readonly Provocation[] = [
  // Before any call is looked at: keys, markets, paths, limits, bodies.
  v3(401, 'LALAMOVE_UNAUTHORIZED', 'a signature with another secret', (stage) => stage.citiesAs({ apiSecret: 'sk_test_wrong' })),
  v3(401, 'LALAMOVE_UNAUTHORIZED', 'a key that nobody has', (stage) => stage.citiesAs({ apiKey: 'pk_test_nobody' })),
  v2(502, 'LALAMOVE_SERVER_ERROR', 'a signature with another secret, where the gateway drops it', (stage) => stage.citiesAs({ apiSecret: 'sk_test_wrong' })),
  v3(404, 'LALAMOVE_NOT_FOUND', 'a path that the API does not have', (stage) => stage.bytes('GET', '/v3/couriers')),
  v3(422, 'ERR_INVALID_MARKET', 'a market that is not served', (stage) => stage.citiesAs({ market: 'XX' })),
  v2(409, 'ERR_INVALID_COUNTRY', 'a market that is not served', (stage) => stage.citiesAs({ market: 'XX' })),
  v3(409, 'ERR_INVALID_COUNTRY', 'keys of another market', (stage) => stage.citiesAs({ ...THAI, market: 'HK' })),
  v3(400, 'ERR_MALFORMED_JSON_BODY', 'a body that ends too early', (stage) => stage.bytes('POST', '/v3/quotations', '{"data":')),
  v2(400, 'ERR_MALFORMED_JSON_BODY', 'a body that ends too early', (stage) => stage.bytes('POST', '/v3/quotations', '{"data":')),
  v3(429, 'ERR_RATE_LIMIT_EXCEEDED', 'the 31st cancellation of a minute', async (stage) => { await stage.cancelInVain(); return stage.call('DELETE', 'lalamove/orders/1'); }),
  v2(429, 'LALAMOVE_RATE_LIMITED', 'the 31st cancellation of a minute', async (stage) => { await stage.cancelInVain(); return stage.call('DELETE', 'lalamove/orders/1'); }),
  v3(429, 'ERR_TOO_MANY_REQUESTS', 'the third order of a second', async (stage) => { await stage.placed(); await stage.placed(); return stage.order(); }),
  v2(429, 'ERR_TOO_MANY_REQUESTS', 'the third order of a second', async (stage) => { await stage.placed(); await stage.placed(); return stage.order(); }),

  // Quotations.
  v3(400, 'ERR_BAD_REQUEST', 'coordinates that are numbers', (stage) => stage.quoteUnchecked({ stops: [STOP, { ...STOP, coordinates: { lat: 22.2759, lng: 114.1455 } }] })),
  v3(422, 'ERR_MISSING_FIELD', 'no service type', (stage) => stage.quoteUnchecked({ serviceType: undefined }), { pointer: '/data/serviceType' }),
  v2(409, 'ERR_REQUIRED_FIELD', 'no service type', (stage) => stage.quoteUnchecked({ serviceType: undefined })),
  ...both('ERR_REQUIRED_FIELD', 'an empty service type', (stage) => stage.quoteUnchecked({ serviceType: '' }), { pointer: '/data/serviceType' }),
  v3(422, 'ERR_INVALID_FIELD', 'a language of another market', (stage) => stage.quote({ language: 'th_TH' }), { pointer: '/data/language' }),
  v2(409, 'ERR_INVALID_LOCALE', 'a language of another market', (stage) => stage.quote({ language: 'th_TH' })),
  v3(422, 'ERR_INVALID_FIELD', 'a weight that the service does not list', (stage) => stage.quote({ item: { weight: 'A_TON' } }), { pointer: '/data/item/weight' }),
  v2(409, 'ERR_INVALID_PARAMS', 'a weight that the service does not list', (stage) => stage.quote({ item: { weight: 'A_TON' } })),
  v3(422, 'ERR_INSUFFICIENT_STOPS', 'a body without the envelope', (stage) => stage.bytes('POST', '/v3/quotations', JSON.stringify(QUOTATION)), { pointer: '/data/stops' }),
  ...both('ERR_INSUFFICIENT_STOPS', 'a pick-up alone', (stage) => stage.quoteUnchecked({ stops: [STOP] }), { pointer: '/data/stops' }),
  ...both('ERR_TOO_MANY_STOPS', 'seventeen drop-offs', (stage) => stage.quoteUnchecked({ stops: Array.from({ length: 18 }, () => STOP) }), { pointer: '/data/stops' }),
  ...both('ERR_INVALID_SCHEDULE_TIME', 'a pick-up in the past', (stage) => stage.quote({ scheduleAt: stage.time(-MINUTE) }), { pointer: '/data/scheduleAt' }),
  ...both('ERR_INVALID_SERVICE_TYPE', 'a service that the city does not have', (stage) => stage.quote({ serviceType: 'TRICYCLE' }), { pointer: '/data/serviceType' }),
  ...both('ERR_INVALID_SPECIAL_REQUEST', 'a tailboard on a motorcycle', (stage) => stage.quote({ specialRequests: ['TAILBOARD'] }), { pointer: '/data/specialRequests/0' }),
  ...both('ERR_OUT_OF_SERVICE_AREA', 'a drop-off in Canton', (stage) => stage.quote({ stops: [STOP, { coordinates: { lat: '23.13', lng: '113.26' }, address: 'Canton' }] }), { pointer: '/data/stops/1' }),
  ...both('ERR_REVERSE_GEOCODE_FAILURE', 'an address that names no more than the city', (stage) => stage.quote({ stops: [STOP, { address: 'Hong Kong' }] })),
  v3(422, 'ERR_UNKNOWN_FIELD', 'a name in a stop', (stage) => stage.quoteUnchecked({ stops: [STOP, { ...STOP, name: 'Ada' }] })),
  v3(422, 'ERR_INCORRECT_ADDRESS', 'an address without a word', (stage) => stage.quote({ stops: [STOP, { address: ', ,' }] })),

  // Placing an order.
  v3(402, 'ERR_INSUFFICIENT_CREDIT', 'an empty wallet', async (stage) => { await stage.emptyWallet(); return stage.order(); }),
  v2(402, 'ERR_INSUFFICIENT_CREDIT', 'an empty wallet', async (stage) => { await stage.emptyWallet(); return stage.order(); }),
  v3(422, 'ERR_INVALID_QUOTATION_ID', 'a quotation of five minutes ago', (stage) => stage.order(undefined, { after: 5 * MINUTE }), { pointer: '/data/quotationId' }),
  ...both('ERR_INVALID_PHONE_NUMBER', 'a phone of Singapore', (stage) => stage.order(({ sender }) => ({ sender: { ...sender, phone: '+6591234567' } })), { pointer: '/data/sender/phone' }),
  v3(422, 'ERR_MISSING_FIELD', 'a drop-off without a recipient', (stage) => stage.order(({ recipients }) => ({ recipients: recipients.slice(1) }), { stops: [STOP, STOP, STOP] }), { pointer: '/data/recipients' }),
  v2(409, 'ERR_DELIVERY_MISMATCH', 'a drop-off without a recipient', (stage) => stage.order(({ recipients }) => ({ recipients: recipients.slice(1) }), { stops: [STOP, STOP, STOP] })),

  // Orders that are there, and orders that are not.
  v3(403, 'LALAMOVE_FORBIDDEN', 'a look at the order of a stranger', async (stage) => stage.call('GET', await stage.placed(STRANGER)), { reads: true }),
  v3(403, 'LALAMOVE_FORBIDDEN', 'a look at an order of sixty days ago', async (stage) => { const order = await stage.placed(); await stage.later(60 * DAY + 1); return stage.call('GET', order); }, { reads: true }),
  v3(403, 'LALAMOVE_FORBIDDEN', 'a look at a driver two hours before the pick-up', async (stage) => stage.call('GET', (await stage.accepted({ scheduleAt: stage.time(2 * HOUR) })).driver), { reads: true }),
  v2(403, 'LALAMOVE_FORBIDDEN', 'a look at the order of a stranger', async (stage) => stage.call('GET', await stage.placed(STRANGER)), { reads: true }),
  v3(403, 'LALAMOVE_FORBIDDEN', 'cancelling the order of a stranger', async (stage) => stage.call('DELETE', await stage.placed(STRANGER))),
  v3(404, 'ERR_ORDER_NOT_FOUND', 'an order that is not there', (stage) => stage.call('GET', 'lalamove/orders/1')),
  v2(404, 'LALAMOVE_NOT_FOUND', 'an order that is not there', (stage) => stage.call('GET', 'lalamove/orders/1')),
  v3(422, 'ERR_ORDER_NOT_FOUND', 'an order of another market', async (stage) => stage.call('GET', await stage.placedInThailand())),
  v3(404, 'ERR_DRIVER_NOT_FOUND', 'a driver that is not there', async (stage) => stage.call('GET', `${await stage.placed()}/drivers/1`)),
  v3(422, 'ERR_CANCELLATION', 'cancelling once more', async (stage) => { const order = await stage.placed(); await stage.call('DELETE', order); return stage.call('DELETE', order); }),
  v2(409, 'ERR_CANCELLATION_FORBIDDEN', 'cancelling once more', async (stage) => { const order = await stage.placed(); await stage.call('DELETE', order); return stage.call('DELETE', order); }),
  v3(409, 'ERR_CANCELLATION_FORBIDDEN', 'cancelling five minutes after the match', async (stage) => { const { order } = await stage.accepted(); await stage.later(5 * MINUTE + 1); return stage.call('DELETE', order); }),
  v3(422, 'ERR_ORDER_EDIT', 'an edit before the match', async (stage) => stage.call('PATCH', await stage.placed(), EDIT)),
  v3(422, 'ERR_CHANGE_DRIVER', 'another driver in the first quarter of an hour', async (stage) => stage.call('DELETE', (await stage.accepted()).driver, { reason: 'DRIVER_LATE' })),
  v3(422, 'ERR_INVALID_ORDER_STATUS', 'a priority fee after the match', async (stage) => stage.hurry((await stage.accepted()).order, '20')),
  v3(422, 'ERR_EXCEED_MIN_TIPS', 'a priority fee of one dollar', async (stage) => stage.hurry(await stage.placed(), '1'), { pointer: '/data/priorityFee' }),
  v3(422, 'ERR_EXCEED_MAX_TIPS', 'a priority fee of ten thousand dollars', async (stage) => stage.hurry(await stage.placed(), '10000'), { pointer: '/data/priorityFee' }),
  v3(422, 'ERR_INVALID_TIPS', 'the same priority fee twice', async (stage) => { const order = await stage.placed(); await stage.hurry(order, '20'); return stage.hurry(order, '20'); }, { pointer: '/data/priorityFee' }),

  // The account.
  v3(422, 'ERR_INVALID_RESPONSE', 'a webhook URL that answers 404', (stage) => stage.call('PATCH', 'webhook', { url: `${stage.url}/nowhere` })),
];

const rowOf = ({ code, status }: { code: string; status: number }): string => `${status} ${code}`;

/** Every row of the catalog in each of its statuses. */
const CATALOG = ERROR_CATALOG.flatMap(({ code, statuses }) => statuses.map((status) => rowOf({ code, status })));

const sandboxes = new Map<Dialect, LalamoveSandbox>();

beforeAll(async () => {
  for (const dialect of ['v3', 'v2'] as const) {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const wrongCredentials = dialect === 'v2' ? 'bad-gateway' : 'unauthorized';
    const options = { clock, dialect, validation: 'codes', wrongCredentials, accounts: [STRANGER, THAI] } as const;
    sandboxes.set(dialect, await LalamoveSandbox.start(options));
  }
});

afterAll(async () => {
  for (const sandbox of sandboxes.values()) await sandbox.stop();
});

describe('the table of provocations', () => {
  it('has every row of the catalog in every status, by a rule or with a reason why there is none', () => {
    const ruled = new Set(RULES.map(rowOf));
    expect([...ruled, ...WITHOUT_RULE.map(rowOf)].sort()).toEqual([...CATALOG].sort());
  });
});

describe.each(PLATFORMS)('what the sandbox refuses, on %s', (platform) => {
  describe.each<Policy>(['mirror', 'gateway'])('%s', (policy) => {
    const stages = new Map<Dialect, Stage>();
    const hosts: HostApp[] = [];

    beforeAll(async () => {
      for (const [dialect, sandbox] of sandboxes) {
        const account = accountOn(sandbox, { clock: sandbox.clock, errors: { status: policy } });
        const imports = [HttpModule, LalamoveModule.forRoot(account)];
        const controllers = [StorefrontController, BytesController, WebhookController];
        const host = await startHost(platform, { imports, controllers });
        hosts.push(host);
        stages.set(dialect, new Stage(sandbox, host));
      }
    });

    afterAll(async () => {
      for (const { app } of hosts) await app.close();
    });

    // Each provocation begins in a world in which nothing has happened: no orders, no requests to count, a full wallet.
    beforeEach(async () => {
      for (const sandbox of sandboxes.values()) await sandbox.control.clear();
    });

    it.each([...RULES, ...WITHOUT_RULE])('$status $code in $dialect, by $by', async (provocation) => {
      const { code, status, dialect, provoke, isInjected = false } = provocation;
      const stage = stages.get(dialect);
      const row = ERROR_CATALOG.find((each) => each.code === code);
      if (!stage || !row) throw new Error(`There is no stage for ${dialect}, or no row for ${code}.`);
      const answer = await provoke(stage);

      // It was this refusal that the sandbox sent, and it was a rule that made it.
      const sent = stage.sandbox.requests.at(-1)?.answer;
      expect([sent?.status, codeIn(sent?.body ?? '')]).toEqual([status, code.startsWith('ERR_') ? code : undefined]);
      const log = await stage.sandbox.control.log();
      expect(log.some(({ kind }) => kind === 'fault')).toBe(isInjected);

      const { status: statusCode, conceals } = expected(provocation, row, policy);
      expect(answer.status).toBe(statusCode);
      expect(answer.body).toEqual({
        statusCode,
        error: expect.stringMatching(/^[A-Z]/),
        message: conceals ? NEUTRAL : (row.bare?.[status] ?? row.message),
        code: conceals ? 'LALAMOVE_UNAVAILABLE' : code,
        errors: conceals ? [] : listed(provocation, row, sent?.body ?? ''),
        requestId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      });
      // A bucket that is full says when it will be empty.
      expect(answer.headers.get('retry-after')).toEqual(status === 429 ? expect.stringMatching(/^[1-9]\d*$/) : null);
    });
  });
});

const NEUTRAL = 'The delivery service is not available at the moment. Please try again later.';

/** Lalamove's code in a body. */
function codeIn(body: string): string | undefined {
  return /ERR_[A-Z_]+/.exec(body)?.[0];
}

/** What the host's consumer is to get under a policy, by the catalog's row. */
function expected(
  { status, reads = false }: Provocation,
  { gateway, whenReading }: ErrorRow,
  policy: Policy,
): { status: number; conceals: boolean } {
  const isTheirs = reads && whenReading !== undefined;
  if (policy === 'mirror' || isTheirs) return { status, conceals: false };
  if (status >= 500) return { status: 502, conceals: true };
  return { status: gateway ?? status, conceals: gateway !== undefined };
}

/** The one error that the sandbox's body held, as the consumer reads it; a bare status holds none. */
function listed({ code, pointer }: Provocation, { message }: ErrorRow, sentBody: string): object[] {
  if (!sentBody.startsWith('{')) return [];
  const { errors } = JSON.parse(sentBody) as { errors?: { message?: string }[] };
  const said = errors?.[0]?.message ?? message;
  return [{ code, message: said, ...(pointer !== undefined && { pointer }) }];
}
