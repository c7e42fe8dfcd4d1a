import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { LalamoveService, Order } from 'nestjs-lalamove';
import { LalamoveSandbox, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { startFrozen } from './frozen-sandbox.js';
import { booked, orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { RawServer } from '../support/raw-server.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';
const FAILED = 'HTTP/1.1 500 Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

/** Concurrent requests, and requests in an unusual order. */
describe('a sandbox with concurrent requests', () => {
  let sandbox: LalamoveSandbox;
  let lalamove: LalamoveService;
  let closers: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    closers = [];
  });

  async function open(options: LalamoveSandboxOptions = {}): Promise<void> {
    const started = await startFrozen(options);
    ({ sandbox, lalamove } = started);
    closers.push(started.close);
  }

  /** A webhook receiver that asks a function for each answer. */
  async function receiver(answer: (event: string) => Promise<string> | string): Promise<RawServer> {
    const server = await RawServer.start((socket, request) => {
      void Promise.resolve(answer(typeOf(request))).then((text) => socket.end(text));
    });
    closers.push(() => server.stop());
    await lalamove.setWebhookUrl(`${server.url}/hook`);
    server.requests.length = 0;
    return server;
  }

  const typeOf = (request: string): string => /"eventType":"(\w+)"/.exec(request)?.[1] ?? '';
  const balanceOf = (request: string): string | undefined => /"amount":"([-\d]+)"/.exec(request)?.[1];
  const balance = async (): Promise<string> => (await sandbox.control.wallets())[0]?.balance ?? '';

  it('reports events in their order, also if a receiver acts on the first event at once', async () => {
    await open();
    const server = await receiver(async (event) => {
      const [order] = sandbox.orders;
      if (event === 'ORDER_CREATED' && order) await lalamove.cancelOrder(order.orderId);
      return OK;
    });
    await booked(lalamove);
    await sandbox.advance(0);
    expect(server.requests.map(typeOf)).toEqual([
      'WALLET_BALANCE_CHANGED',
      'ORDER_CREATED',
      'ORDER_STATUS_CHANGED',
      'ORDER_STATUS_CHANGED',
      'WALLET_BALANCE_CHANGED',
    ]);
    expect(balanceOf(server.requests.at(-1) ?? '')).toBe(await balance());
  });

  it('takes snapshots only between calls', async () => {
    await open();
    await receiver(() => new Promise((resolve) => setTimeout(resolve, 20, OK)));
    const order = orderOf(await lalamove.createQuotation(QUOTATION));
    const placing = lalamove.placeOrder(order);
    while (sandbox.orders.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const id = await sandbox.control.snapshot();
    await placing;
    const { events } = await sandbox.control.webhooks();
    await sandbox.control.restore(id);
    await sandbox.advance('1s');
    expect((await sandbox.control.webhooks()).events).toEqual(events);
  });

  it('restores after a running advance, not in its middle', async () => {
    await open();
    const { orderId } = await booked(lalamove);
    const before = await sandbox.control.clock();
    const id = await sandbox.control.snapshot();
    await Promise.all([sandbox.advance('3h'), sandbox.control.restore(id)]);
    expect(await sandbox.control.clock()).toEqual(before);
    expect(await lalamove.getOrder(orderId)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
  });

  it('carries out what is due before it serves, however late its timers are', async () => {
    await open();
    const { orderId } = await booked(lalamove);
    sandbox.clock.set(sandbox.clock.now() + 3 * 3_600_000);
    expect(await failureOf(sandbox.control.moveOrder(orderId, 'ON_GOING'))).toMatchObject({
      message: expect.stringMatching(/cannot go from EXPIRED/),
    });
    const another = await booked(lalamove);
    sandbox.clock.set(sandbox.clock.now() + 3 * 3_600_000);
    expect(await lalamove.getOrder(another.orderId)).toMatchObject({ status: 'EXPIRED' });
  });

  it('never lets a wallet go below zero, also for the order that replaces another', async () => {
    await open();
    const order = orderOf(await lalamove.createQuotation(QUOTATION));
    const { orderId, priceBreakdown } = await lalamove.placeOrder(order);
    await sandbox.control.setBalance({ market: 'HK' }, '0');
    sandbox.drive(orderId, { do: 'replace', gap: '2m' });
    expect(await failureOf(lalamove.placeOrder(order))).toMatchObject({ code: 'ERR_INSUFFICIENT_CREDIT' });
    await sandbox.advance('2m');
    expect(await balance()).toBe('0');
    expect(sandbox.ledger.total).toMatchObject({ live: [expect.any(String)], spent: { HKD: priceBreakdown.total } });
    expect(await failureOf(sandbox.control.setBalance({ market: 'HK' }, '-5'))).toMatchObject({ status: 400 });
  });

  it('survives a failing call, late or not', async () => {
    await open();
    const nested = JSON.parse(`${'['.repeat(2000)}${']'.repeat(2000)}`) as unknown;
    const quotation = { ...QUOTATION, item: { quantity: '1', nested } };
    const quote = (): Promise<unknown> => lalamove.createQuotation(quotation, { validate: false });
    // Values that no service lists are dropped.
    expect(await quote()).toHaveProperty('item', { quantity: '1' });
    sandbox.addFault({ call: 'createQuotation', work: 'late', answer: 'reset', lateBy: '1s' });
    await failureOf(quote());
    await sandbox.advance('2s');
    await sandbox.control.snapshot();
    expect(await sandbox.control.info()).toMatchObject({ counts: { quotations: 2 } });
  });

  it('retries a doubled event as often as any other', async () => {
    await open();
    const server = await receiver((event) => (event === '' ? OK : FAILED));
    sandbox.addFault({ webhook: 'doubled' });
    await sandbox.control.sendEvent({ market: 'HK' }, 'NEWS', {});
    await sandbox.advance('24h');
    expect(server.requests).toHaveLength(2 + 10);
    const [event] = (await sandbox.control.webhooks()).events;
    expect(await failureOf(sandbox.control.resend(event?.eventId ?? ''))).toMatchObject({ status: 400 });
  });

  it('makes no client wait longer because its clock was set back', async () => {
    await open({ rateLimits: 'sandbox', unknowns: { refusedRequests: 'ignored' } });
    await lalamove.getCities();
    sandbox.clock.set(sandbox.clock.now() - 86_400_000);
    await failureOf(lalamove.getCities());
    await sandbox.advance('2m');
    await expect(lalamove.getCities()).resolves.toHaveLength(1);
  });

  it('writes a header of a scripted answer once, in any spelling', async () => {
    await open();
    sandbox.respondNext({
      status: 502,
      headers: { 'Content-Type': 'text/html', 'Content-Length': '6' },
      body: '<html>',
    });
    const answer = await fetch(`${sandbox.url}/v3/cities`);
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual(['text/html', '<html>']);
  });

  it.each<[options: LalamoveSandboxOptions, body: object]>([
    [{}, { errors: [{ id: 'ERR_ORDER_NOT_FOUND', message: expect.any(String) }] }],
    [{ refusalShape: 'object' }, { errors: { id: 'ERR_ORDER_NOT_FOUND', message: expect.any(String) } }],
    [{ dialect: 'v2', refusalShape: 'list' }, { errors: [{ id: 'ERR_CANCELLATION_FORBIDDEN' }] }],
    [{ dialect: 'v2' }, { message: 'ERR_CANCELLATION_FORBIDDEN' }],
  ])('writes refusals as %j', async (options, body) => {
    await open(options);
    const { orderId } = await booked(lalamove);
    sandbox.moveOrder(orderId, 'CANCELED');
    await failureOf(lalamove.cancelOrder(options.dialect === 'v2' ? orderId : '1'));
    expect(JSON.parse(sandbox.requests.at(-1)?.answer?.body ?? '')).toEqual(body);
  });

  it('resets a request that waits behind another one on its connection', async () => {
    await open();
    sandbox.addFault({ latencyMs: 30 });
    sandbox.respondNext('reset');
    const get = 'GET /v3/cities HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const { port, hostname } = new URL(sandbox.url);
    const socket = connect(Number(port), hostname);
    const ended = new Promise<string>((resolve) => {
      socket.on('error', ({ message }) => {
        resolve(message);
      });
      socket.on('close', () => {
        resolve('closed');
      });
    });
    socket.write(get + get);
    expect(await ended).toMatch(/ECONNRESET|closed/);
  });

  it('stops although a client has connected without a TLS handshake', async () => {
    const pem = (name: string): string => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
    const secure = await LalamoveSandbox.start({ tls: { key: pem('key'), cert: pem('cert') } });
    const { port, hostname } = new URL(secure.url);
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    await new Promise((resolve) => setTimeout(resolve, 10));
    await secure.stop();
    socket.destroy();
  });

  it.each<[options: LalamoveSandboxOptions, problem: RegExp]>([
    [{ host: '' }, /host is empty/],
    [{ apiKey: 'a:b' }, /apiKey without colons/],
    [{ accounts: [{ apiKey: 'x', apiSecret: 'y', market: 'hk' }] }, /must be one of AE, BR, HK/],
    [{ webhooks: JSON.parse('{ "timeout": 1 }') as object }, /webhooks has no timeout/],
    [{ unknowns: JSON.parse('{ "limits": 1 }') as object }, /unknowns has no limits/],
    [{ tiles: { url: 'https://tiles.example/{z}', attribution: 'Maps' } }, /tiles url must contain \{z\}, \{x\}/],
  ])('does not start with %j', async (options, problem) => {
    await expect(LalamoveSandbox.start(options)).rejects.toThrow(problem);
  });

  it('reads a long decimal quickly', async () => {
    await open();
    const { orderId }: Order = await booked(lalamove);
    const priorityFee = `1.${'0'.repeat(50_000)}1`;
    const end = await failureOf(lalamove.addPriorityFee(orderId, { priorityFee }));
    expect(end).toMatchObject({ code: 'ERR_INVALID_TIPS' });
  });
});
