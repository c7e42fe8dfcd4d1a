import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { isPublicAddress, RemoteImages } from '../../src/tracking/remote-images.js';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PLATFORMS } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { fetchPage, startTracking, trackingOf } from './tracking-host.js';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

describe('RemoteImages', () => {
  let server: Server;
  let base: string;
  const seen: string[] = [];

  afterEach(() => {
    server.closeAllConnections();
    server.close();
    seen.length = 0;
  });

  async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<void> {
    server = createServer((request, response) => {
      seen.push(request.url ?? '');
      answer(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    base = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  it('fetches a picture of the own base URL once, for callers at once and later', async () => {
    await serve((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PNG));
    const images = new RemoteImages();
    const all = await Promise.all([1, 2, 3].map(() => images.get(`${base}/a.png`, base)));
    expect(all.map((image) => image?.type)).toEqual(['image/png', 'image/png', 'image/png']);
    expect((await images.get(`${base}/a.png`, base))?.body).toEqual(PNG);
    expect(seen).toEqual(['/a.png']);
  });

  it.each([
    ['http to another host', (own: string) => own, undefined],
    ['http to another port of the own host', (own: string) => own, 'http://127.0.0.1:1'],
    ['the network of the host', () => 'https://10.0.0.1/a.png', undefined],
    ['the metadata of a cloud', () => 'https://169.254.169.254/latest/meta-data', undefined],
    ['this machine by name', () => 'https://localhost/a.png', undefined],
    ['this machine in IPv6', () => 'https://[::1]/a.png', undefined],
    ['this machine as a number', () => 'https://2130706433/a.png', undefined],
    ['a file', () => 'file:///etc/passwd', undefined],
    ['a data URI', () => 'data:image/png;base64,iVBORw0KGgo=', undefined],
    ['an address with a user', () => 'https://user:pass@example.com/a.png', undefined],
    ['no address', () => 'not an address', undefined],
  ])('asks nobody for a picture at %s', async (_, urlOf, baseUrl) => {
    await serve((__, response) => response.end(PNG));
    expect(await new RemoteImages().get(urlOf(`${base}/a.png`), baseUrl)).toBeUndefined();
    expect(seen).toEqual([]);
  });

  it('fetches a picture of a sandbox that the app reaches by another name of this machine', async () => {
    await serve((_, response) => response.end(PNG));
    const named = base.replace('127.0.0.1', 'localhost');
    expect((await new RemoteImages().get(`${base}/a.png`, named))?.type).toBe('image/png');
    expect(await new RemoteImages().get(`${base}/a.png`, 'http://localhost:1')).toBeUndefined();
  });

  it('gives one picture one time, however often it is redirected', async () => {
    await serve((request, response) => {
      const hop = Number(request.url?.slice(1));
      setTimeout(() => {
        if (hop < 2) response.writeHead(302, { location: `/${hop + 1}` }).end();
        else response.end(PNG);
      }, 300);
    });
    const started = performance.now();
    expect(await new RemoteImages(500).get(`${base}/0`, base)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(850);
    expect((await new RemoteImages().get(`${base}/0`, base))?.type).toBe('image/png');
  });

  it('gives up a picture that comes byte by byte', async () => {
    await serve((_, response) => {
      response.write(PNG);
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => {
        clearInterval(timer);
      });
    });
    expect(await new RemoteImages(300).get(`${base}/a.png`, base)).toBeUndefined();
  });

  it('refuses a redirect that leads elsewhere', async () => {
    await serve((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/secret' }).end());
    expect(await new RemoteImages().get(`${base}/a.png`, base)).toBeUndefined();
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['HTML', (response) => response.end('<html><script>alert(1)</script></html>')],
    ['SVG', (response) => response.writeHead(200, { 'content-type': 'image/svg+xml' }).end('<svg onload="alert(1)"/>')],
    ['an error', (response) => response.writeHead(404).end(PNG)],
    ['7 MB', (response) => response.end(Buffer.concat([PNG, Buffer.alloc(7_000_000)]))],
    ['a broken answer', (response) => response.destroy()],
  ])('refuses %s', async (_, answer) => {
    await serve((__, response) => {
      answer(response);
    });
    const images = new RemoteImages();
    expect(await images.get(`${base}/a.png`, base)).toBeUndefined();
    // Not asked for again at once.
    await images.get(`${base}/a.png`, base);
    expect(seen).toEqual(['/a.png']);
  });
});

describe('isPublicAddress', () => {
  it.each(['1.1.1.1', '203.0.114.7', '2606:4700::1111', '::ffff:1.1.1.1'])('takes %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '2002:a00:1::',
    '2001:0:a00:1::',
    'fd00::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ])('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe.each(PLATFORMS)('the proof on %s', (platform) => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  it('is read from the order if the webhooks are lost', async () => {
    host = await startTracking({ platform, webhooks: false, sandbox: { drivers: 'prompt' } });
    await host.deliveries.book(bookingOf('A-1', { isPODEnabled: true }));
    await host.clock.advance('4h');
    expect((await host.deliveries.get('A-1')).state).toBe('completed');
    const link = host.url + (await trackingOf(host).linkFor('A-1'));
    expect((await fetchPage(link)).config.view).toMatchObject({
      phase: 'delivered',
      proof: { status: 'delivered', image: expect.any(String) },
    });
    expect((await fetch(`${link}/proof`)).status).toBe(200);
  });

  it.each([true, false])(
    'and the photo of the driver have names, one for each driver (webhooks: %s)',
    async (webhooks) => {
      host = await startTracking({ platform, webhooks, sandbox: { drivers: 'still' } });
      await host.deliveries.book(bookingOf('A-1'));
      await host.settle();
      const { orderId = '' } = await host.deliveries.get('A-1');
      const link = host.url + (await trackingOf(host).linkFor('A-1'));
      const names: unknown[] = [];
      const pictures: unknown[] = [];
      for (const signature of ['a', 'b', 'c']) {
        // The same driver is read twice, with an address that is signed anew.
        if (signature === 'c') await host.sandbox.control.drive(orderId, { do: 'reject' });
        if (signature !== 'b') await host.sandbox.control.drive(orderId, { do: 'accept' });
        const { driver } = await host.sandbox.control.order(orderId);
        const photo = `${host.sandbox.url}/proofs/1-1.png?signature=${signature}`;
        host.sandbox.addFault({
          call: 'getDriver',
          answer: { status: 200, body: JSON.stringify({ data: { ...driver, photo } }) },
        });
        // Without webhooks another driver is noticed by the next read of the order.
        await host.clock.advance('20m');
        const { config, text } = await fetchPage(link);
        expect(text).not.toContain('1-1.png');
        const view = Object(config.view) as { driver?: { photo?: unknown } };
        names.push(view.driver?.photo);
        const served = await fetch(`${link}/photo?${String(view.driver?.photo)}`);
        pictures.push([served.status, served.headers.get('content-type')]);
      }
      expect(names).toEqual([expect.stringMatching(/^[\w-]{8}$/), names[0], expect.stringMatching(/^[\w-]{8}$/)]);
      expect(names[2]).not.toBe(names[0]);
      expect(pictures).toEqual(Array.from({ length: 3 }, () => [200, 'image/png']));
    },
  );

  it('is none before the delivery, nor for a delivery without proofs', async () => {
    host = await startTracking({ platform, sandbox: { drivers: 'prompt' } });
    await host.deliveries.book(bookingOf('A-1'));
    const link = host.url + (await trackingOf(host).linkFor('A-1'));
    expect((await fetch(`${link}/proof`)).status).toBe(404);
    await host.clock.advance('4h');
    expect((await fetchPage(link)).config.view).toMatchObject({ phase: 'delivered', isOver: true });
    expect((await fetch(`${link}/proof`)).status).toBe(404);
    expect((await fetch(`${link}/photo`)).status).toBe(404);
  });
});
