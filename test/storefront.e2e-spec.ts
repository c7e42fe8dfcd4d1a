import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ValidationPipe } from '@nestjs/common';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { StorefrontModule } from '../examples/storefront/storefront.module.js';
import { accountOn } from './support/account.js';
import { PLATFORMS, request, startHost, type HostAnswer, type HostApp } from './support/host-app.js';
import { EDIT, QUOTATION } from './support/inputs.js';
import { ManualClock } from './support/manual-clock.js';

/** The strictest pipe that hosts use: it strips, or refuses, what no decorator of a DTO names. */
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
        { imports: [StorefrontModule.forRoot(accountOn(sandbox, { clock }))] },
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

    it('quotes, orders, hurries, edits, changes the driver, delivers', async () => {
      const { body: quotation } = await call('POST', 'quotes', { ...QUOTATION, item: { quantity: '1' } });
      expect(quotation).toMatchObject({ language: 'EN_HK', item: { quantity: '1' } });
      expect((await call('GET', `quotes/${String(quotation.quotationId)}`)).body).toEqual(quotation);
      const [from, to] = quotation.stops as { stopId: string }[];
      const placed = await call('POST', 'orders', {
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
      expect(await call('POST', `orders/${orderId}/priority-fee`, { priorityFee: '20' })).toMatchObject({
        status: 200,
        body: { priceBreakdown: { priorityFee: '20' } },
      });
      const { driverId } = sandbox.moveOrder(orderId, 'ON_GOING');
      expect((await call('GET', `orders/${orderId}/drivers/${driverId}`)).body).toMatchObject({ driverId });
      expect(await call('PATCH', `orders/${orderId}`, EDIT)).toMatchObject({
        status: 200,
        body: { status: 'ON_GOING' },
      });
      clock.advance(15 * 60_000);
      expect((await call('DELETE', `orders/${orderId}/drivers/${driverId}`, { reason: 'DRIVER_LATE' })).status).toBe(
        204,
      );
      for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) sandbox.moveOrder(orderId, status);
      expect((await call('GET', `orders/${orderId}`)).body).toMatchObject({ status: 'COMPLETED' });
      expect(await call('DELETE', `orders/${orderId}`)).toMatchObject({
        status: 409,
        body: { code: 'ERR_CANCELLATION_FORBIDDEN' },
      });
    });

    it('tells what is wrong with a request', async () => {
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
