import { HttpService } from '@nestjs/axios';
import { Body, Controller, Patch, Post } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { LalamoveService, type LalamoveErrorCode, type PlaceOrderDto, type WebhookRegistration } from 'nestjs-lalamove';
import type { LalamoveSandbox, SandboxAccount } from 'nestjs-lalamove/sandbox';
import { firstValueFrom } from 'rxjs';
import { request, type HostAnswer, type HostApp } from '../support/host-app.js';
import { booked, orderOf, QUOTATION } from '../support/inputs.js';

/** Other accounts on the same sandbox: one of another customer, and one whose keys are valid in Thailand only. */
export const OTHER_CUSTOMER: SandboxAccount = { apiKey: 'pk_test_stranger', apiSecret: 'sk_test_stranger' };
export const THAI: SandboxAccount = { apiKey: 'pk_test_thai', apiSecret: 'sk_test_thai', market: 'TH' };

/** A stop as it is sent. */
export const STOP = { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak' };

/** A request that the host sends unchanged. */
interface Bytes {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string;
}

/** The host's own calls to Lalamove without `LalamoveService`, for requests that the typed service would not send. */
@Controller('bytes')
export class BytesController {
  constructor(private readonly http: HttpService) {}

  @Post()
  async send(@Body() { url, method, headers, body }: Bytes): Promise<unknown> {
    // Axios would serialize the text again, and the signature would not fit.
    const data = Buffer.from(body);
    return (await firstValueFrom(this.http.request<unknown>({ url, method, headers, data }))).data;
  }
}

/** The one call that the storefront does not make. */
@Controller('webhook')
export class WebhookController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Patch()
  set(@Body() { url }: { url: string }): Promise<WebhookRegistration> {
    return this.lalamove.setWebhookUrl(url);
  }
}

/** A host app with a sandbox. Requests that must be refused go through the host's REST API. Preparations do not. */
export class Stage {
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

  /** Orders a quotation that is `after` ms old. */
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

  /** Lets the host send these bytes with a valid signature, by default with its own keys in its own market. */
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

  /** Requests a quotation that the host's local checks would refuse. */
  quoteUnchecked(more: object): Promise<HostAnswer> {
    const data = { ...QUOTATION, stops: [STOP, STOP], ...more };
    return this.bytes('POST', '/v3/quotations', JSON.stringify({ data }));
  }

  /** Places an order and returns its path in the host's API. */
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

  /** An order that a driver has just accepted, and the path of the driver. */
  async accepted({ scheduleAt }: { scheduleAt?: string } = {}): Promise<{ order: string; driver: string }> {
    const quotation = { ...QUOTATION, ...(scheduleAt !== undefined && { scheduleAt }) };
    const { orderId } = await this.#lalamove.placeOrder(orderOf(await this.#lalamove.createQuotation(quotation)));
    const { driverId } = this.sandbox.moveOrder(orderId, 'ON_GOING');
    return { order: `lalamove/orders/${orderId}`, driver: `lalamove/orders/${orderId}/drivers/${driverId}` };
  }

  /** The time in this many ms, as requests write it. */
  time(inMs: number): string {
    return new Date(this.sandbox.clock.now() + inMs).toISOString();
  }

  later(ms: number): Promise<void> {
    return this.sandbox.advance(ms);
  }

  async emptyWallet(): Promise<void> {
    await this.sandbox.control.setBalance({ market: 'HK' }, '0');
  }

  /** Fills the bucket of cancellations completely. */
  async cancelInVain(): Promise<void> {
    await Promise.allSettled(Array.from({ length: 30 }, () => this.#lalamove.cancelOrder('1')));
  }

  /** Adds a fault for an answer that the sandbox has no rule for. */
  cities(code: LalamoveErrorCode, status: number): Promise<HostAnswer> {
    this.sandbox.respondNext({ code, status, shape: code.startsWith('ERR_') ? 'message' : 'empty' });
    return this.call('GET', 'cities');
  }
}
