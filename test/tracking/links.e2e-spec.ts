import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DeliveryNotFoundException, InvalidDeliveryException } from 'nestjs-lalamove/deliveries';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PLATFORMS } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { fetchPage, SECRET, startTracking, trackingOf, type FetchedPage } from './tracking-host.js';

const OTHER_SECRET = 'the secret of another app, 0123456789';
const NAMED = {
  'shop-hk': { apiKey: 'pk_test_named_account_0123456789', apiSecret: 'sk_test_named_account_0123456789' },
};

describe.each(PLATFORMS)('links to the tracking page on %s', (platform) => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  const page = (link: string): Promise<FetchedPage> => fetchPage(host.url + link);

  async function book(reference = 'A-1'): Promise<void> {
    await host.deliveries.book(bookingOf(reference));
    await host.settle();
  }

  /** What the page answers to a link of the right form that nobody has made. */
  async function expectGone(link: string): Promise<void> {
    const nobody = await page(`/track/${'A'.repeat(56)}`);
    const { status, text, config, headers } = await page(link);
    expect([status, config.kind]).toEqual([404, 'gone']);
    const token = link.split('/').at(-1) ?? '';
    // Byte for byte the same, apart from the address itself.
    expect(text.replaceAll(token, '')).toBe(nobody.text.replaceAll('A'.repeat(56), ''));
    const others = new Set(['date', 'connection', 'keep-alive']);
    const of = (all: Headers): [string, string][] => [...all].filter(([name]) => !others.has(name));
    const { headers: expected } = nobody;
    expect(of(headers).filter(([name]) => name !== 'content-length')).toEqual(
      of(expected).filter(([name]) => name !== 'content-length'),
    );
    for (const route of ['live', 'proof', 'photo']) expect((await page(`${link}/${route}`)).status).toBe(404);
  }

  it('contain neither the reference nor the account, and fit into an SMS', async () => {
    host = await startTracking({ platform, tracking: { publicUrl: 'https://shop.example/track/' } });
    await book('order-4711');
    const link = await trackingOf(host).linkFor('order-4711');
    expect(link).toMatch(/^https:\/\/shop\.example\/track\/[\w-]{56}$/);
    expect(Buffer.from(link.split('/').at(-1) ?? '', 'base64url').toString('latin1')).not.toContain('4711');
    // The same moment, the same link: a repeated message does not multiply them.
    expect(await trackingOf(host).linkFor('order-4711')).toBe(link);
  });

  it('are refused if they are forged', async () => {
    host = await startTracking({ platform });
    await book();
    const link = await trackingOf(host).linkFor('A-1');
    const [path, token] = [link.slice(0, -56), link.slice(-56)];
    await fc.assert(
      fc.asyncProperty(fc.nat(55), fc.constantFrom(...'AZaz09-_'), async (at, character) => {
        fc.pre(token[at] !== character);
        await expectGone(`${path}${token.slice(0, at)}${character}${token.slice(at + 1)}`);
      }),
      { numRuns: 25 },
    );
    expect((await page(link)).status).toBe(200);
  });

  it.each(['x', '..%2f..%2fetc%2fpasswd', '%00', "'%20or%201=1", 'A'.repeat(4000), '%ff%fe', 'files'])(
    'of the form %.40s are no links',
    async (token) => {
      host = await startTracking({ platform });
      const { status, text } = await page(`/track/${token}`);
      expect([400, 404, 414]).toContain(status);
      expect(text).not.toMatch(/stack|node_modules|SQL/i);
    },
  );

  it('expire', async () => {
    host = await startTracking({ platform, tracking: { expiresAfter: '2h' } });
    await book();
    const [usual, short] = [
      await trackingOf(host).linkFor('A-1'),
      await trackingOf(host).linkFor('A-1', { expiresIn: '30m' }),
    ];
    await host.clock.advance('29m');
    expect([(await page(usual)).status, (await page(short)).status]).toEqual([200, 200]);
    await host.clock.advance('1m');
    await expectGone(short);
    await host.clock.advance('90m');
    await expectGone(usual);
  });

  it('can be revoked, also while somebody looks, and made anew', async () => {
    host = await startTracking({ platform, sandbox: { drivers: 'still' } });
    await book();
    await book('A-2');
    const [link, other] = [await trackingOf(host).linkFor('A-1'), await trackingOf(host).linkFor('A-2')];
    const stream = await fetch(`${host.url}${link}/live`);
    await trackingOf(host).revoke('A-1');
    await expectGone(link);
    // The stream says so, and ends.
    expect(await stream.text()).toContain('event: gone');
    expect((await page(other)).status).toBe(200);
    const fresh = await trackingOf(host).linkFor('A-1');
    expect(fresh).not.toBe(link);
    expect((await page(fresh)).status).toBe(200);
    // The delivery goes on as before.
    const { orderId = '', state } = await host.deliveries.get('A-1');
    expect(state).toBe('assigning');
    await host.sandbox.control.drive(orderId, { do: 'accept' });
    await host.settle();
    expect((await page(fresh)).config.view).toMatchObject({ phase: 'to_pick_up' });
    await expectGone(link);
  });

  it('of another secret are foreign, and an old secret goes on to open its links', async () => {
    host = await startTracking({ platform, tracking: { secret: OTHER_SECRET } });
    await book();
    const foreign = await trackingOf(host).linkFor('A-1');
    await host.stop();
    host = await startTracking({ platform });
    await book();
    await expectGone(foreign);
    const file = await trackingOf(host).linkFor('A-1');
    expect((await page(file)).status).toBe(200);
    await host.stop();
    host = await startTracking({ platform, tracking: { secret: undefined, secrets: [OTHER_SECRET, SECRET] } });
    await book();
    // Another database: its delivery has another id, so the old link leads nowhere.
    await expectGone(file);
    expect((await page(await trackingOf(host).linkFor('A-1'))).status).toBe(200);
  });

  it('belong to one account', async () => {
    host = await startTracking({ platform, named: NAMED });
    await host.deliveries.book(
      bookingOf('A-1', { account: 'shop-hk', recipients: [{ name: 'Bo', phone: '+85251234568' }] }),
    );
    await host.settle();
    const tracking = trackingOf(host);
    await expect(tracking.linkFor('A-1')).rejects.toThrow(DeliveryNotFoundException);
    await expect(tracking.revoke('A-1')).rejects.toThrow(DeliveryNotFoundException);
    const link = await tracking.linkFor('A-1', { account: 'shop-hk' });
    expect((await page(link)).config.view).toMatchObject({ recipient: { name: 'Bo' } });
  });

  it.each([
    [{ recipient: 1 }, '/recipient'],
    [{ recipient: -1 }, '/recipient'],
    [{ recipient: 0.5 }, '/recipient'],
    [{ expiresIn: 'forever' }, '/expiresIn'],
    [{ account: 7 }, '/account'],
  ])('are not made with %j', async (options, pointer) => {
    host = await startTracking({ platform });
    await book();
    const making: unknown = Reflect.apply(trackingOf(host).linkFor.bind(trackingOf(host)), undefined, ['A-1', options]);
    const error: unknown = await Promise.resolve(making).catch((caught: unknown) => caught);
    if (!(error instanceof InvalidDeliveryException)) throw new TypeError('It was not refused.');
    expect(error.errors.map((each) => each.pointer)).toEqual([pointer]);
  });
});
