import { afterEach } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { CreateQuotationDto, LalamoveModuleOptions, LalamoveService, Order, PlaceOrderDto } from 'nestjs-lalamove';
import {
  LalamoveSandbox,
  SandboxClock,
  type LalamoveOperation,
  type LalamoveSandboxOptions,
  type SandboxWebhook,
} from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { startLalamove } from '../support/lalamove.js';
import { WebhookReceiver, type ReceivedEvent, type WebhookAnswer } from '../webhooks/webhook-receiver.js';

export const START = '2026-11-22T08:00:00Z';

export const MINUTE = 60_000;

/** A sandbox with a client and a webhook receiver. */
export interface Shop {
  readonly clock: SandboxClock;
  readonly sandbox: LalamoveSandbox;
  readonly lalamove: LalamoveService;
  readonly receiver: WebhookReceiver;
}

/** Answers to a probe for which the URL is refused. */
export const BAD_ANSWERS: [string, WebhookAnswer][] = [
  ['201', 201],
  ['204', 204],
  ['500', 500],
  ['a redirect', { redirect: '/hooks/elsewhere' }],
  ['silence', 'hang'],
];

export function deliver({ sandbox }: Pick<Shop, 'sandbox'>, orderId: string): void {
  for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) sandbox.moveOrder(orderId, status);
}

/** Places an order with proofs. It does not wait for webhooks. */
export async function place(
  { lalamove }: Pick<Shop, 'lalamove'>,
  more: Partial<PlaceOrderDto> = {},
  route: CreateQuotationDto = QUOTATION,
): Promise<Order> {
  const order = orderOf(await lalamove.createQuotation(route));
  return lalamove.placeOrder({ ...order, isPODEnabled: true, ...more });
}

/** Resolves when all webhooks that are due have been sent. */
export async function settled({ sandbox }: Pick<Shop, 'sandbox'>): Promise<void> {
  await sandbox.advance(0);
}

export function signatureOf({ timestamp, dataText }: ReceivedEvent, secret: string, path: string): string {
  return createHmac('sha256', secret).update(`${timestamp}\r\nPOST\r\n${path}\r\n\r\n${dataText}`).digest('hex');
}

export function ofType(events: readonly ReceivedEvent[], type: string): ReceivedEvent[] {
  return events.filter(({ eventType }) => eventType === type);
}

/** The functions that {@link useShops} returns. */
export interface Shops {
  readonly receiverOf: () => Promise<WebhookReceiver>;
  readonly clientOf: (sandbox: LalamoveSandbox, more?: Partial<LalamoveModuleOptions>) => Promise<LalamoveService>;
  readonly unregistered: (options?: LalamoveSandboxOptions) => Promise<Shop>;
  readonly registered: (options?: LalamoveSandboxOptions) => Promise<Shop>;
}

/** Starts sandboxes, clients and receivers, and stops them after each test. */
export function useShops(): Shops {
  let closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    closers = [];
  });

  async function receiverOf(): Promise<WebhookReceiver> {
    const receiver = await WebhookReceiver.start();
    closers.push(() => receiver.stop());
    return receiver;
  }

  async function clientOf(
    sandbox: LalamoveSandbox,
    more: Partial<LalamoveModuleOptions> = {},
  ): Promise<LalamoveService> {
    const { lalamove, close } = await startLalamove(accountOn(sandbox, more));
    closers.push(close);
    return lalamove;
  }

  /** A sandbox without a registered webhook URL. */
  async function unregistered(options: LalamoveSandboxOptions = {}): Promise<Shop> {
    const receiver = await receiverOf();
    const clock = new SandboxClock({ speed: 0, startAt: START });
    const sandbox = await LalamoveSandbox.start({ clock, rateLimits: false, ...options });
    closers.push(() => sandbox.stop());
    return { clock: sandbox.clock, sandbox, lalamove: await clientOf(sandbox), receiver };
  }

  /** A sandbox with a registered webhook URL. The probe is removed from the receiver. */
  async function registered(options: LalamoveSandboxOptions = {}): Promise<Shop> {
    const shop = await unregistered(options);
    await shop.lalamove.setWebhookUrl(shop.receiver.url);
    shop.receiver.clear();
    return shop;
  }

  return { receiverOf, clientOf, unregistered, registered };
}

export const deliveries = async ({ sandbox }: Shop): Promise<SandboxWebhook[]> =>
  (await sandbox.control.webhooks()).events;

export const send = ({ sandbox }: Shop, eventType = 'PING', data: object = {}): Promise<void> =>
  sandbox.control.sendEvent({ market: 'HK' }, eventType, data);

/** What was sent from a call on, in its order. */
export const sentFrom = async ({ sandbox }: Shop, operation: LalamoveOperation): Promise<string[]> => {
  const log = await sandbox.control.log();
  const called = log.findIndex((entry) => entry.kind === 'request' && entry.operation === operation);
  return log.slice(called).flatMap((entry) => {
    if (entry.kind === 'webhook') return entry.type;
    return entry.kind === 'answer' ? 'the answer' : [];
  });
};
