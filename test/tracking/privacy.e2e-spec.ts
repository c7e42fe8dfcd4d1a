import { afterEach, describe, expect, it } from '@jest/globals';
import type { BookDeliveryDto } from 'nestjs-lalamove/deliveries';
import type { DriverStep } from 'nestjs-lalamove/sandbox';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PLATFORMS } from '../support/host-app.js';
import { fetchPage, startTracking, trackingOf } from './tracking-host.js';

/** Three customers of one round. */
const CUSTOMERS = [
  { name: 'Wing Chan', phone: '+85251110001', address: '1 Peak Road', lat: '22.2751', lng: '114.1511' },
  { name: 'Maria Cruz', phone: '+85252220002', address: '2 Harbour Street', lat: '22.2852', lng: '114.1622' },
  { name: 'Omar Said', phone: '+85253330003', address: '3 Island Lane', lat: '22.2953', lng: '114.1733' },
] as const;
const SENDER = {
  name: 'Kitchen Boss',
  phone: '+85259990009',
  address: '9 Secret Kitchen',
  lat: '22.2659',
  lng: '114.1399',
};

const ROUND: BookDeliveryDto = {
  reference: 'round-77',
  quotation: {
    serviceType: 'MOTORCYCLE',
    language: 'en_HK',
    stops: [SENDER, ...CUSTOMERS].map(({ lat, lng, address }) => ({ coordinates: { lat, lng }, address })),
  },
  sender: { name: SENDER.name, phone: SENDER.phone },
  recipients: CUSTOMERS.map(({ name, phone }) => ({ name, phone, remarks: `Remark for ${name}` })),
  isPODEnabled: true,
  metadata: { basket: 'basket-4242' },
};

/** The whole way, with the courier at each stop in turn. */
const STEPS: readonly (readonly [DriverStep, { lat: string; lng: string }])[] = [
  [{ do: 'accept' }, SENDER],
  [{ do: 'arrive' }, SENDER],
  [{ do: 'pick-up' }, SENDER],
  [{ do: 'deliver', stop: 1 }, CUSTOMERS[0]],
  [{ do: 'fail', stop: 2 }, CUSTOMERS[1]],
  [{ do: 'deliver', stop: 3 }, CUSTOMERS[2]],
  [{ do: 'complete' }, CUSTOMERS[2]],
];

describe.each(PLATFORMS)('what a recipient learns on %s', (platform) => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  /** Everything that a link answers now: the page, and the first event of its stream. */
  async function everything(link: string): Promise<string> {
    const { text, headers } = await fetchPage(host.url + link);
    const stream = await fetch(`${host.url}${link}/live`);
    const reader = stream.body?.getReader();
    let events = '';
    while (!/^event: (view|over)$/m.test(events)) {
      const chunk: unknown = (await reader?.read())?.value;
      if (!ArrayBuffer.isView(chunk)) break;
      events += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString();
    }
    await reader?.cancel();
    expect(events).toContain('"phase"');
    return [text, JSON.stringify([...headers]), events].join('\n');
  }

  /** What nobody but the host may see, and what only other recipients may. */
  async function forbidden(own: number): Promise<string[]> {
    const { orderId = '', price, shareLink = '' } = await host.deliveries.get('round-77');
    const others = [SENDER, ...CUSTOMERS.filter((_, index) => index !== own)];
    return [
      ...others.flatMap(({ name, phone, address, lat, lng }) => [name, phone.slice(-8), address, lat, lng]),
      CUSTOMERS[own]?.phone.slice(-8) ?? '',
      'Remark',
      'round-77',
      'basket-4242',
      orderId,
      shareLink,
      `"${price?.total ?? 'price'}"`,
      'HKD',
    ].filter((text) => text !== '');
  }

  it('is about no other stop, at any moment', async () => {
    host = await startTracking({ platform, sandbox: { drivers: 'still' } });
    await host.deliveries.book(ROUND);
    await host.settle();
    const links = await Promise.all(
      CUSTOMERS.map((_, recipient) => trackingOf(host).linkFor('round-77', { recipient })),
    );
    const phases: string[][] = [];
    const positions: boolean[][] = [];
    const look = async (): Promise<void> => {
      const [seen, placed]: [string[], boolean[]] = [[], []];
      for (const [own, link] of links.entries()) {
        const all = await everything(link);
        for (const secret of await forbidden(own))
          expect([own, all.includes(secret), secret]).toEqual([own, false, secret]);
        expect(all).toContain(CUSTOMERS[own]?.address ?? '?');
        const { config } = await fetchPage(host.url + link);
        const view = Object(config.view) as Record<string, unknown>;
        seen.push(String(view.phase));
        placed.push(view.position !== undefined);
      }
      phases.push(seen);
      positions.push(placed);
    };
    await look();
    const { orderId = '' } = await host.deliveries.get('round-77');
    for (const [step, { lat, lng }] of STEPS) {
      await host.sandbox.control.drive(orderId, step);
      if (step.do !== 'complete') {
        await host.sandbox.control.placeDriver(orderId, { lat: Number(lat), lng: Number(lng) });
      }
      await host.clock.advance('20s');
      await look();
    }
    expect(phases).toEqual([
      ['finding_driver', 'finding_driver', 'finding_driver'],
      ['to_pick_up', 'to_pick_up', 'to_pick_up'],
      ['to_pick_up', 'to_pick_up', 'to_pick_up'],
      ['on_the_way', 'on_the_way', 'on_the_way'],
      ['delivered', 'on_the_way', 'on_the_way'],
      ['delivered', 'not_delivered', 'on_the_way'],
      ['delivered', 'not_delivered', 'delivered'],
      ['delivered', 'not_delivered', 'delivered'],
    ]);
    // The courier stood at another stop each time.
    expect(positions.flat().filter(Boolean)).toEqual([]);
  });

  it('is where the courier is, once the own stop is next and no other one is near', async () => {
    host = await startTracking({ platform, sandbox: { drivers: 'still' } });
    await host.deliveries.book(ROUND);
    await host.settle();
    const { orderId = '' } = await host.deliveries.get('round-77');
    for (const step of ['accept', 'pick-up'] as const) {
      await host.sandbox.control.drive(orderId, { do: step });
      await host.settle();
    }
    const views = async (lat: number, lng: number): Promise<unknown[]> => {
      await host.sandbox.control.placeDriver(orderId, { lat, lng });
      await host.clock.advance('20s');
      const all = [];
      for (const recipient of CUSTOMERS.keys()) {
        const link = await trackingOf(host).linkFor('round-77', { recipient });
        const view = Object((await fetchPage(host.url + link)).config.view) as Record<string, unknown>;
        all.push([view.stopsBefore, view.position !== undefined]);
      }
      return all;
    };
    const between = [22.27, 114.145] as const;
    expect(await views(...between)).toEqual([
      [0, true],
      [1, false],
      [2, false],
    ]);
    await host.sandbox.control.drive(orderId, { do: 'deliver', stop: 1 });
    expect(await views(22.28, 114.157)).toEqual([
      [undefined, false],
      [0, true],
      [1, false],
    ]);
    // Right beside the first customer's door.
    expect(await views(22.2752, 114.1512)).toEqual([
      [undefined, false],
      [0, false],
      [1, false],
    ]);
  });

  it.each([
    [true, [false, true, true, false]],
    [false, [false, false, false, false]],
  ])("is the driver's phone only on the way, and only if the host says so (%s)", async (driverPhone, expected) => {
    host = await startTracking({ platform, sandbox: { drivers: 'still' }, tracking: { driverPhone } });
    await host.deliveries.book({
      ...ROUND,
      recipients: ROUND.recipients.slice(0, 1),
      quotation: { ...ROUND.quotation, stops: ROUND.quotation.stops.slice(0, 2) },
    });
    await host.settle();
    const { orderId = '' } = await host.deliveries.get('round-77');
    const link = await trackingOf(host).linkFor('round-77');
    const phones: boolean[] = [];
    for (const step of [undefined, 'accept', 'pick-up', 'deliver'] as const) {
      if (step) await host.sandbox.control.drive(orderId, { do: step });
      await host.settle();
      const order = await host.sandbox.control.order(orderId);
      const phone = /"phone":"(\+8526\d+)"/.exec(JSON.stringify(order))?.[1] ?? 'none yet';
      phones.push((await everything(link)).includes(phone));
    }
    expect(phones).toEqual(expected);
  });

  it('is nothing after the delivery was forgotten', async () => {
    host = await startTracking({ platform, sandbox: { drivers: 'prompt' } });
    await host.deliveries.book(ROUND);
    const link = await trackingOf(host).linkFor('round-77', { recipient: 1 });
    await host.clock.advance('6h');
    expect((await fetchPage(host.url + link)).status).toBe(200);
    await host.deliveries.forget('round-77');
    const { status, text } = await fetchPage(host.url + link);
    expect(status).toBe(404);
    for (const { name, address } of CUSTOMERS) expect(text.includes(name) || text.includes(address)).toBe(false);
  });

  it('is in no preview of the link', async () => {
    host = await startTracking({ platform });
    await host.deliveries.book(ROUND);
    const { text } = await fetchPage(host.url + (await trackingOf(host).linkFor('round-77')));
    const head = text.slice(0, text.indexOf('</head>'));
    expect(head).toContain('<meta property="og:title" content="Your delivery from Corner Bakery">');
    expect(head).toContain('name="robots" content="noindex"');
    expect(head).not.toMatch(/Wing|Peak|round-77/);
  });
});
