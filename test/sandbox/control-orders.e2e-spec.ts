import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SandboxControl } from 'nestjs-lalamove/sandbox';
import { OTHER, UNKNOWN_ID, Scene, statusOf, refused, CONTROLS } from './control-scene.js';

const scene = new Scene();

beforeEach(() => scene.start());

afterEach(() => scene.stop());

describe.each(CONTROLS)('SandboxControl, %s', (_, controlOf) => {
  let control: SandboxControl;

  beforeEach(() => {
    control = controlOf(scene.sandbox);
  });

  describe('orders', () => {
    it('lists orders oldest first, with the data that the API does not return', async () => {
      const first = await scene.book({ metadata: { reference: 'A-1' } });
      const second = await scene.book({}, { ...OTHER, market: 'SG' });
      const orders = await control.orders();
      expect(orders.map(({ order }) => order.orderId)).toEqual([first, second]);
      expect(orders).toMatchObject([
        {
          apiKey: scene.sandbox.apiKey,
          market: 'HK',
          locode: 'HK HKG',
          serviceType: 'MOTORCYCLE',
          placedAt: '2026-11-22T08:00:00.000Z',
          scheduleAt: '2026-11-22T08:00:00.000Z',
          contacts: [
            { name: 'Shop', phone: '+85251234567' },
            { name: 'Ada', phone: '+85251234567', remarks: 'Ring twice' },
          ],
          rejections: 0,
          isEdited: false,
          steps: [],
        },
        { apiKey: OTHER.apiKey, market: 'SG', locode: 'SG SIN' },
      ]);
      const [shown] = orders;
      expect(shown?.spent).toBe(shown?.order.priceBreakdown.total);
      expect(shown).not.toHaveProperty('driver');
      expect(shown).not.toHaveProperty('matchedAt');
      expect(await control.order(first)).toEqual(shown);
      const { body } = await scene.call('GET', `/v3/orders/${first}`);
      expect(JSON.parse(body)).toEqual({ data: shown?.order });
    });

    it('refuses an order that does not exist', async () => {
      const none = `The sandbox has no order ${UNKNOWN_ID}.`;
      expect(await refused(control.order(UNKNOWN_ID))).toBe(none);
      expect(await refused(control.moveOrder(UNKNOWN_ID, 'ON_GOING'))).toBe(none);
      expect(await refused(control.drive(UNKNOWN_ID, { do: 'accept' }))).toBe(none);
      expect(await refused(control.setScript(UNKNOWN_ID, 'prompt'))).toBe(none);
      expect(await refused(control.placeDriver(UNKNOWN_ID, { lat: 0, lng: 0 }))).toBe(none);
    });

    it('moves an order, which cancels the steps of its script', async () => {
      await control.setDrivers('prompt');
      const orderId = await scene.book();
      const moved = await control.moveOrder(orderId, 'ON_GOING');
      expect(moved).toMatchObject({
        order: { status: 'ON_GOING' },
        matchedAt: '2026-11-22T08:00:00.000Z',
        driver: { driverId: moved.order.driverId, plateNumber: expect.stringContaining('*') },
        steps: [],
      });
      await control.advance('5h');
      expect(await statusOf(control, orderId)).toBe('ON_GOING');
      expect(await refused(control.moveOrder(orderId, 'COMPLETED'))).toMatch(
        /cannot go from ON_GOING to COMPLETED: next can be PICKED_UP, /,
      );
    });

    it('carries out single steps', async () => {
      const orderId = await scene.book({ isPODEnabled: true });
      await control.drive(orderId, { do: 'accept' });
      await control.drive(orderId, { do: 'arrive' });
      await control.drive(orderId, { do: 'pick-up' });
      await control.drive(orderId, { do: 'deliver', stop: 1, proof: 'signature' });
      const { order } = await control.drive(orderId, { do: 'complete' });
      expect(order).toMatchObject({ status: 'COMPLETED', stops: [{}, { POD: { status: 'SIGNED' } }] });
    });

    it('rejects, fails, cancels and replaces orders', async () => {
      const [rejected, failed, cancelled] = [
        await scene.book(),
        await scene.book({ isPODEnabled: true }),
        await scene.book(),
      ];
      await control.drive(rejected, { do: 'accept' });
      expect(await control.drive(rejected, { do: 'reject' })).toMatchObject({
        order: { status: 'ASSIGNING_DRIVER' },
        rejections: 1,
      });
      for (const step of ['accept', 'pick-up', 'fail', 'complete'] as const) await control.drive(failed, { do: step });
      expect((await control.order(failed)).order.stops[1]?.POD).toEqual({ status: 'FAILED' });
      await control.drive(cancelled, { do: 'cancel', by: 'DRIVER', reason: 'a flat tyre' });
      expect(await statusOf(control, cancelled)).toBe('CANCELED');
      const { replacedBy = '' } = await control.drive(rejected, { do: 'replace' });
      expect(await control.order(replacedBy)).toMatchObject({
        order: { status: 'ASSIGNING_DRIVER' },
        replaces: rejected,
      });
      expect(await statusOf(control, rejected)).toBe('CANCELED');
    });

    it('changes nothing if a command is refused, and the script continues', async () => {
      await control.setDrivers('prompt');
      const orderId = await scene.book();
      const before = await control.order(orderId);
      expect(await refused(control.drive(orderId, { do: 'deliver' }))).toMatch(/its goods are not on board/);
      expect(await refused(control.moveOrder(orderId, 'PICKED_UP'))).toMatch(/cannot go/);
      expect(await control.order(orderId)).toEqual(before);
      await control.advance('2h');
      expect(await statusOf(control, orderId)).toBe('COMPLETED');
    });

    it('starts another script for an order', async () => {
      await control.setDrivers('prompt');
      const orderId = await scene.book();
      const { steps } = await control.setScript(orderId, [
        { do: 'accept', after: '10m' },
        { do: 'cancel', after: '1h 30m', by: 'DRIVER' },
      ]);
      expect(steps.map((step) => step.do)).toEqual(['accept', 'cancel']);
      await control.advance('10m');
      expect(await control.order(orderId)).toMatchObject({ order: { status: 'ON_GOING' }, steps: [{ do: 'cancel' }] });
      await control.advance('90m');
      expect(await statusOf(control, orderId)).toBe('CANCELED');
    });

    it('sets the script of later orders only', async () => {
      const before = await scene.book();
      await control.setDrivers('prompt');
      const after = await scene.book();
      await control.setDrivers([]);
      const last = await scene.book();
      await control.advance('110m');
      expect(await Promise.all([before, after, last].map((id) => statusOf(control, id)))).toEqual([
        'ASSIGNING_DRIVER',
        'COMPLETED',
        'ASSIGNING_DRIVER',
      ]);
    });

    it('sets the position of a driver, which the API then returns', async () => {
      const orderId = await scene.book();
      expect(await refused(control.placeDriver(orderId, { lat: 1, lng: 1 }))).toMatch(/has no driver/);
      const { order } = await control.moveOrder(orderId, 'ON_GOING');
      const coordinates = { lat: '22.3000000', lng: '-114.2000000' };
      expect(await control.placeDriver(orderId, { lat: 22.3, lng: -114.2 })).toMatchObject({ driver: { coordinates } });
      const { body } = await scene.call('GET', `/v3/orders/${orderId}/drivers/${order.driverId}`);
      expect(JSON.parse(body)).toMatchObject({ data: { coordinates } });
      expect((await control.log()).at(-3)).toMatchObject({ kind: 'driver', orderId, lat: 22.3, lng: -114.2 });
      for (const at of [
        { lat: 90.1, lng: 0 },
        { lat: 0, lng: -180.1 },
        { lat: Number.NaN, lng: 0 },
      ]) {
        expect(await refused(control.placeDriver(orderId, at))).toMatch(/a number of degrees/);
      }
    });
  });
});
