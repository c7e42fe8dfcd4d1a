import { afterEach, describe, expect, it } from '@jest/globals';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PLATFORMS } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { until } from '../support/until.js';
import { ask, openStream, PATH, startBoard, type BoardAnswer } from './board-host.js';

describe.each(PLATFORMS)('what operators do on the board on %s', (platform) => {
  let host: DeliveriesHost;
  let board: string;

  afterEach(() => host.stop());

  async function start(options: Parameters<typeof startBoard>[0] = {}): Promise<void> {
    host = await startBoard({ platform, ...options, sandbox: { drivers: 'still', ...options.sandbox } });
    board = `${host.url}/${PATH}`;
  }

  const act = (name: string, body: object): Promise<BoardAnswer> =>
    ask(`${board}/actions/${name}`, { operator: 'clerk-7', method: 'POST', body });

  const details = async (reference: string): Promise<Record<string, unknown>> =>
    (await ask(`${board}/data/delivery?reference=${reference}`)).body;

  /** What the page has got with a delivery, and sends back with a decision. */
  const seenOf = async (reference: string): Promise<unknown> => (await details(reference)).seen;

  /** A delivery of which it is not known whether it has an order. @returns the order's id, if there is one */
  async function unknownOutcome(work: 'done' | 'skipped'): Promise<string> {
    await start({ webhooks: false, deliveries: { policy: { unknownOutcome: { waitMinutes: 1, then: 'hold' } } } });
    host.sandbox.addFault({ call: 'placeOrder', work, answer: 'reset' });
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('30m');
    expect(await host.deliveries.get('A-1')).toMatchObject({
      state: 'needs_attention',
      reason: { code: 'OUTCOME_UNKNOWN' },
    });
    const { body } = await ask(`${board}/data/summary`);
    expect(body).toMatchObject({ unknownAttempts: 1, byState: { needs_attention: 1 } });
    const [order] = await host.sandbox.control.orders();
    return order?.order.orderId ?? '';
  }

  it('resolve an unknown outcome with the order that exists, and are named in the timeline', async () => {
    const orderId = await unknownOutcome('done');
    const { status, body } = await act('resolve', {
      reference: 'A-1',
      seen: await seenOf('A-1'),
      resolution: { orderId },
    });
    expect([status, body]).toEqual([200, expect.objectContaining({ orderId, state: 'assigning' })]);
    expect(await details('A-1')).toMatchObject({
      timeline: expect.arrayContaining([
        expect.objectContaining({ event: expect.objectContaining({ type: 'resolved', by: 'clerk-7', how: 'order' }) }),
      ]),
    });
  });

  it('have it booked again once, although two of them decide so', async () => {
    await unknownOutcome('skipped');
    const resolution = { rebook: true, by: 'somebody else' };
    const action = { reference: 'A-1', seen: await seenOf('A-1'), resolution };
    expect((await act('resolve', action)).status).toBe(200);
    await host.settle();
    const second = await act('resolve', action);
    expect([second.status, second.body.message]).toEqual([409, expect.stringContaining('has changed')]);
    expect((await host.sandbox.control.orders()).length).toBe(1);
    expect(JSON.stringify(await details('A-1'))).not.toContain('somebody else');
  });

  it('decide on nothing that has come again since they looked', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1', { maxPrice: '1' }));
    await host.settle();
    const before = await details('A-1');
    const rebook = (seen: unknown, maxPrice: string): Promise<BoardAnswer> =>
      act('resolve', { reference: 'A-1', seen, resolution: { rebook: true, maxPrice } });
    expect((await rebook(before.seen, '2')).status).toBe(200);
    await host.settle();
    // The same state, reason and number of attempts as before.
    const after = await details('A-1');
    const shown = { state: 'needs_attention', reason: { code: 'PRICE_ABOVE_MAX' }, attempts: 0 };
    expect([before.delivery, after.delivery]).toMatchObject([shown, shown]);
    for (const stale of [before.seen, undefined, {}, ''])
      expect([stale, (await rebook(stale, '900')).status]).toEqual([stale, 409]);
    await host.settle();
    expect(await host.sandbox.control.orders()).toHaveLength(0);
    expect((await rebook(after.seen, '900')).status).toBe(200);
  });

  it('correct a booking, and see which field is wrong', async () => {
    await start();
    host.sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_INVALID_PHONE_NUMBER' } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const seen = await seenOf('A-1');
    const resolve = (phone: string): Promise<BoardAnswer> =>
      act('resolve', { reference: 'A-1', seen, resolution: { rebook: true, changes: { recipients: [{ phone }] } } });
    const wrong = await resolve('123');
    expect([wrong.status, wrong.body.errors]).toEqual([
      422,
      expect.arrayContaining([expect.objectContaining({ pointer: '/changes/recipients/0/phone' })]),
    ]);
    expect((await resolve('+85261234567')).status).toBe(200);
    await host.settle();
    expect(await details('A-1')).toMatchObject({
      delivery: { state: 'assigning' },
      stops: [{ name: 'Shop' }, { phone: '+85261234567' }],
    });
  });

  it('cancel, and are named', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    expect((await act('cancel', { reference: 'A-1' })).status).toBe(200);
    await host.settle();
    expect(await details('A-1')).toMatchObject({
      delivery: { state: 'canceled' },
      timeline: expect.arrayContaining([
        expect.objectContaining({ event: expect.objectContaining({ type: 'cancel_requested', by: 'clerk-7' }) }),
      ]),
    });
    expect((await act('cancel', { reference: 'none' })).status).toBe(404);
  });

  it('act on nothing if the host cannot say who they are', async () => {
    await start({ board: { user: () => 'two\nlines' } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    expect((await act('cancel', { reference: 'A-1' })).status).toBe(500);
    expect((await host.deliveries.get('A-1')).cancellation).toBe('none');
  });

  it('find deliveries by reference, order id and the last digits of a phone', async () => {
    await start();
    await host.deliveries.book(bookingOf('shop/77 ü'));
    await host.deliveries.book(bookingOf('B-2', { recipients: [{ name: 'Bo', phone: '+85267778888' }] }));
    await host.settle();
    const { orderId = '' } = await host.deliveries.get('shop/77 ü');
    const find = async (q: string): Promise<unknown[]> => {
      const { body } = await ask(`${board}/data/search?q=${encodeURIComponent(q)}`);
      return (body.deliveries as { reference: string }[]).map(({ reference }) => reference);
    };
    expect(await find('77 ü')).toEqual(['shop/77 ü']);
    expect(await find(orderId)).toEqual(['shop/77 ü']);
    expect(await find('8888')).toEqual(['B-2']);
    expect(await find('nothing')).toEqual([]);
  });

  it('get a CSV file that runs no formula', async () => {
    await start();
    const names = ['=1+1', '@SUM(A1)', ' +1', '-2', 'a "quoted", name', '\u2066=1'];
    for (const [index, name] of names.entries())
      await host.deliveries.book(bookingOf(`A-${index}`, { recipients: [{ name, phone: '+85251234567' }] }));
    await host.settle();
    await host.deliveries.cancel('A-5');
    const { status, headers, text } = await ask(`${board}/data/deliveries.csv`);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="deliveries-[\d-]+\.csv"$/);
    const lines = text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(names.length + 1);
    expect(text).toContain(`"'=1+1"`);
    expect(text).toContain(`"'@SUM(A1)"`);
    expect(text).toContain('"a ""quoted"", name"');
    expect(text).not.toMatch(/"[\s]*[=+\-@]/);
    const canceled = await ask(`${board}/data/deliveries.csv?states=canceled`);
    expect(canceled.text.trimEnd().split('\r\n')).toHaveLength(2);
  });

  it('see changes at once, and after a break what they have missed', async () => {
    await start();
    const seen = await openStream(`${board}/data/stream`);
    await until(() => seen.text().includes('event: changes'));
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    await until(() => seen.text().includes('"type":"booked"'));
    const ids = [...seen.text().matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    seen.close();
    await host.deliveries.book(bookingOf('A-2'));
    await host.settle();
    const again = await openStream(`${board}/data/stream`, { 'last-event-id': String(ids.at(-1)) });
    await until(() => again.text().includes('"reference":"A-2"'));
    again.close();
    const other = await openStream(`${board}/data/stream?since=999999999`);
    await until(() => other.text().includes('event: reset'));
    other.close();
  });
});
