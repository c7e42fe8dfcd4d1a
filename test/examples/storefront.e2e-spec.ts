import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ValidationPipe } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { shopOrder } from '../../examples/storefront/curl-lines.js';
import { STAFF_PASSWORD } from '../../examples/storefront/staff.guard.js';
import { StorefrontModule } from '../../examples/storefront/storefront.module.js';
import { DeliveriesRuntime } from '../../src/deliveries/deliveries.runtime.js';
import { accountOn } from '../support/account.js';
import { PLATFORMS, request, startHost, type HostAnswer, type HostApp } from '../support/host-app.js';
import { EDIT, QUOTATION } from '../support/inputs.js';
import { ManualClock } from '../support/manual-clock.js';

/** The strictest pipe that hosts use: it removes or refuses each property without a decorator in the DTO. */
const STRICT = { transform: true, whitelist: true, forbidNonWhitelisted: true };

describe.each(PLATFORMS)('a storefront on %s', (platform) => {
  describe.each([
    ['without a pipe of its own', undefined],
    ['with a strict ValidationPipe', STRICT],
  ])('%s', (_, pipe) => {
    let clock: ManualClock;
    let sandbox: LalamoveSandbox;
    let host: HostApp;

    beforeAll(async () => {
      clock = new ManualClock();
      sandbox = await LalamoveSandbox.start({ clock });
      host = await startHost(
        platform,
        {
          imports: [StorefrontModule.forRoot(accountOn(sandbox, { clock }), { database: { file: ':memory:' }, clock })],
        },
        (app) => {
          if (pipe) app.useGlobalPipes(new ValidationPipe(pipe));
        },
      );
    });

    afterAll(async () => {
      await host.app.close();
      await sandbox.stop();
    });

    const call = (method: string, path: string, body?: unknown): Promise<HostAnswer> =>
      request(method, `${host.url}/${path}`, body);

    it('quotes, orders, adds a priority fee, edits the order, changes the driver, delivers', async () => {
      const { body: quotation } = await call('POST', 'quotes', { ...QUOTATION, item: { quantity: '1' } });
      expect(quotation).toMatchObject({ language: 'EN_HK', item: { quantity: '1' } });
      expect((await call('GET', `quotes/${String(quotation.quotationId)}`)).body).toEqual(quotation);
      const [from, to] = quotation.stops as { stopId: string }[];
      const placed = await call('POST', 'lalamove/orders', {
        quotationId: quotation.quotationId,
        sender: { stopId: from?.stopId, name: 'Shop', phone: '+85221234567' },
        recipients: [{ stopId: to?.stopId, name: 'Ada', phone: '+85251234567', remarks: 'Ring twice' }],
        isPODEnabled: true,
        metadata: { reference: 'A-1' },
      });
      expect(placed).toMatchObject({
        status: 201,
        body: { status: 'ASSIGNING_DRIVER', metadata: { reference: 'A-1' } },
      });
      const orderId = String(placed.body.orderId);
      expect(await call('POST', `lalamove/orders/${orderId}/priority-fee`, { priorityFee: '20' })).toMatchObject({
        status: 200,
        body: { priceBreakdown: { priorityFee: '20' } },
      });
      const { driverId } = sandbox.moveOrder(orderId, 'ON_GOING');
      expect((await call('GET', `lalamove/orders/${orderId}/drivers/${driverId}`)).body).toMatchObject({ driverId });
      expect(await call('PATCH', `lalamove/orders/${orderId}`, EDIT)).toMatchObject({
        status: 200,
        body: { status: 'ON_GOING' },
      });
      clock.advance(15 * 60_000);
      expect(
        (await call('DELETE', `lalamove/orders/${orderId}/drivers/${driverId}`, { reason: 'DRIVER_LATE' })).status,
      ).toBe(204);
      for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) sandbox.moveOrder(orderId, status);
      expect((await call('GET', `lalamove/orders/${orderId}`)).body).toMatchObject({ status: 'COMPLETED' });
      expect(await call('DELETE', `lalamove/orders/${orderId}`)).toMatchObject({
        status: 409,
        body: { code: 'ERR_CANCELLATION_FORBIDDEN' },
      });
    });

    it('takes orders on its page: pressed twice, one courier; the customer gets a link', async () => {
      const front = await fetch(host.url);
      expect(front.url).toBe(`${host.url}/shop`);
      const page = await front.text();
      const [, cart = ''] = /name="cart" value="([^"]+)"/.exec(page) ?? [];
      const send = (fields: Record<string, string>): Promise<string> =>
        fetch(`${host.url}/shop`, { method: 'POST', body: new URLSearchParams({ cart, ...fields }) }).then((answer) =>
          answer.text(),
        );
      const order = { name: 'Ada <b>', phone: '5123 4567', place: 'Hong Kong International Airport' };
      expect(await send({ ...order, phone: '12' })).toMatch(/role="alert">Please give a phone number[^]*Ada &lt;b>/);
      for (const thanks of [await send(order), await send(order)]) {
        const [, link = ''] = /href="(\/track\/[^"]+)"/.exec(thanks) ?? [];
        expect((await fetch(host.url + link)).status).toBe(200);
      }
      await host.app.get(DeliveriesRuntime, { strict: false }).idle();
      expect(sandbox.ledgerFor({ reference: cart }).orderIds).toHaveLength(1);
    });

    it('keeps its pages out of the document of its API', () => {
      const { paths } = SwaggerModule.createDocument(host.app, new DocumentBuilder().build());
      expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/orders', '/quotes']));
      expect(Object.keys(paths).filter((path) => /^\/(board|track|shop)?(\/|$)/.test(path))).toEqual([]);
    });

    it('shows the board to its staff alone', async () => {
      const board = (authorization?: string): Promise<number> =>
        fetch(`${host.url}/board`, { headers: authorization === undefined ? {} : { authorization } }).then(
          ({ status }) => status,
        );
      const basic = (password: string): string => `Basic ${Buffer.from(`staff:${password}`).toString('base64')}`;
      expect([await board(), await board(basic('')), await board(basic(STAFF_PASSWORD))]).toEqual([401, 401, 200]);
    });

    it('orders by reference: a second request with the same reference books no second courier', async () => {
      const order = shopOrder('A-7');
      const booked = await call('POST', 'orders', order);
      expect(booked).toMatchObject({ status: 201, body: { reference: 'A-7', state: 'requested' } });
      expect(await call('POST', 'orders', order)).toMatchObject({
        status: 201,
        body: { createdAt: booked.body.createdAt },
      });
      await host.app.get(DeliveriesRuntime, { strict: false }).idle();
      expect((await call('GET', 'orders/A-7')).body).toMatchObject({ state: 'assigning', attempts: 1 });
      expect(sandbox.ledgerFor({ reference: 'A-7' }).orderIds).toHaveLength(1);
      const { body: timeline } = await call('GET', 'orders/A-7/timeline');
      expect(Object.values(timeline)).toMatchObject(
        ['requested', 'quoted', 'booked'].map((type) => ({ source: 'delivery', event: { type } })),
      );
      const other = { ...order, recipients: [{ name: 'Bob', phone: '+85251234567' }] };
      expect(await call('POST', 'orders', other)).toMatchObject({
        status: 409,
        body: { code: 'LALAMOVE_DELIVERY_CONFLICT' },
      });
      expect(await call('DELETE', 'orders/A-7')).toMatchObject({ status: 200, body: { state: 'canceled' } });
      expect(sandbox.ledgerFor({ reference: 'A-7' }).live).toEqual([]);
      expect(await call('GET', 'orders/A-8')).toMatchObject({
        status: 404,
        body: { code: 'LALAMOVE_DELIVERY_NOT_FOUND' },
      });
    });

    it('reports what is wrong with a request', async () => {
      const answer = await call('POST', 'quotes', { ...QUOTATION, language: 'english', stops: [QUOTATION.stops[0]] });
      if (pipe) {
        expect(answer).toMatchObject({
          status: 400,
          body: { message: expect.arrayContaining([expect.stringMatching(/^language/)]) },
        });
      } else {
        expect(answer).toMatchObject({
          status: 422,
          body: { code: 'ERR_INVALID_FIELD', errors: [{ pointer: '/data/language' }, { pointer: '/data/stops' }] },
        });
      }
    });
  });
});
