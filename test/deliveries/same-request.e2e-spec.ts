import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DeliveryConflictException, type BookDeliveryDto } from 'nestjs-lalamove/deliveries';
import { untilState } from 'nestjs-lalamove/testing';
import { createHash } from 'node:crypto';
import { DeliveriesHost } from './deliveries-host.js';
import { failureOf } from '../support/lalamove.js';
import { bookingOf } from '../support/sample-booking.js';

const AT = '2026-12-02T08:30:00Z';

/** A booking with this notation of its first latitude and its time. */
function bookingWith(lat: string | number, scheduleAt: string | Date | undefined, more: object = {}): BookDeliveryDto {
  const booking = bookingOf('A-1');
  const { stops } = booking.quotation;
  const [from = {}, to = {}] = stops;
  const quotation = { ...booking.quotation, stops: [{ ...from, coordinates: { lat, lng: '114.1455' } }, to] };
  return { ...booking, quotation: { ...quotation, ...(scheduleAt !== undefined && { scheduleAt }) }, ...more };
}

/** The request hash of an earlier version. */
function formerHash(booking: BookDeliveryDto): string {
  const request = Object.fromEntries(Object.entries(booking).filter(([name]) => name !== 'reference'));
  const sorted = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  const text = JSON.stringify(request, (_, value: unknown) => sorted(value));
  return createHash('sha256').update(text).digest('base64url');
}

describe('a reference that is booked again', () => {
  let host: DeliveriesHost;

  beforeEach(async () => {
    host = await DeliveriesHost.start();
  });

  afterEach(() => host.stop());

  const nulls = { partner: null, maxPrice: null, isPODEnabled: null, policy: null };

  it.each<[string, BookDeliveryDto, BookDeliveryDto]>([
    ['a number and its string', bookingWith(22.2759, undefined), bookingWith('22.2759', undefined)],
    ['more decimals than are sent', bookingWith('22.27590000000000001', undefined), bookingWith('22.2759', undefined)],
    ['null and a missing field', bookingWith('22.2759', undefined), bookingWith('22.2759', undefined, nulls)],
    ['the same moment', bookingWith('22.2759', AT), bookingWith('22.2759', '2026-12-02T16:30:00.000+08:00')],
    ['the same moment as a Date', bookingWith('22.2759', new Date(AT)), bookingWith('22.2759', AT)],
  ])('is the same request: %s', async (_, first, second) => {
    const { deliveries } = host;
    const { createdAt } = await deliveries.book(first);
    expect(await deliveries.book(second)).toMatchObject({ createdAt });
    expect(await deliveries.book(first)).toMatchObject({ createdAt });
    const other = await failureOf(deliveries.book(bookingWith('22.2758', undefined)));
    expect(other).toBeInstanceOf(DeliveryConflictException);
    expect(other).toMatchObject({ message: expect.stringMatching(/with another content \([a-z]\w*\): use a new/i) });
  });

  it('is the same request without a language, in which it is quoted in that of the market', async () => {
    const { deliveries, sandbox } = host;
    const { serviceType, stops } = bookingOf('A-1').quotation;
    const booking = { ...bookingOf('A-1'), quotation: { serviceType, stops } };
    const { createdAt } = await deliveries.book(booking);
    await untilState(deliveries, 'A-1', 'assigning');
    expect(await deliveries.book(booking)).toMatchObject({ createdAt });
    const quoted = sandbox.requests.filter(({ operation }) => operation === 'createQuotation');
    expect(quoted.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([{ data: { language: 'en_HK' } }]);
  });

  it('is the same request as one of an earlier version, even after forget()', async () => {
    const { deliveries } = host;
    const first = bookingWith(22.2759, AT);
    await deliveries.book(first);
    const hash = formerHash(first);
    await deliveries.database.updateTable('deliveries').set({ request_hash: hash }).execute();
    await deliveries.book(first);
    await deliveries.book(bookingWith('22.2759', '2026-12-02T16:30:00+08:00'));
    expect(await failureOf(deliveries.book(bookingWith('22.2758', AT)))).toBeInstanceOf(DeliveryConflictException);
    await deliveries.database.updateTable('deliveries').set({ request: null }).execute();
    expect(await deliveries.book(first)).toMatchObject({ reference: 'A-1' });
  });
});
