import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PLATFORMS } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { fetchPage, startTracking, trackingOf } from './tracking-host.js';

describe.each(PLATFORMS)('attacks on the tracking page on %s', (platform) => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  async function start(): Promise<string> {
    host = await startTracking({ platform, sandbox: { drivers: 'still' } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    return trackingOf(host).linkFor('A-1');
  }

  async function acceptOrder(): Promise<void> {
    const { orderId = '' } = await host.deliveries.get('A-1');
    await host.sandbox.control.drive(orderId, { do: 'accept' });
    await host.settle();
  }

  async function driverReads(): Promise<number> {
    return (await host.sandbox.control.requests()).filter(({ operation }) => operation === 'getDriver').length;
  }

  /** Sends a request as bytes, and reads until the connection ends, at most for 3 seconds. */
  async function raw(method: string, target: string): Promise<string> {
    const socket = connect(Number(new URL(host.url).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.write(`${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    await Promise.race([once(socket, 'close'), setTimeout(3000)]);
    socket.destroy();
    return text;
  }

  it.each([
    'http://a:999999{}',
    'http://[x{}',
    '//{}',
    '//[::{}',
    'http://%%{}',
    '{}//',
    '{}%00',
    '{};a=b',
    '{}%2flive',
  ])('answers the target %s with no error of the server, and shows nothing', async (form) => {
    const link = await start();
    const answer = await raw('GET', form.replace('{}', link));
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400|404) /);
    if (answer.includes(' 200 OK')) expect(form).toBe('http://a:999999{}');
    expect(answer).not.toMatch(/Invalid URL|node_modules|Internal/);
  });

  it('gives a whole page for a link whose letters are percent-encoded', async () => {
    const link = await start();
    const encoded = `${host.url}${link.slice(0, -1)}%${link.charCodeAt(link.length - 1).toString(16)}`;
    const { status, config } = await fetchPage(encoded);
    expect(status).toBe(200);
    const live = await fetch(new URL(`${String(config.here)}live`, encoded));
    expect(live.status).toBe(200);
    await live.body?.cancel();
  });

  it('answers HEAD of the stream at once, and follows nothing', async () => {
    const link = await start();
    await acceptOrder();
    for (let count = 0; count < 60; count += 1) {
      expect(await raw('HEAD', `${link}/live`)).toMatch(/^HTTP\/1\.1 200 OK[^]*text\/event-stream[^]*\r\n\r\n$/);
    }
    const live = await fetch(`${host.url}${link}/live`);
    expect(live.status).toBe(200);
    await live.body?.cancel();
  });

  it('reads no driver for a revoked link, whose answer would take as long as that', async () => {
    const link = await start();
    await acceptOrder();
    await trackingOf(host).revoke('A-1');
    host.sandbox.addFault({ call: 'getDriver', latencyMs: 1000, times: 'always' });
    for (const route of ['', '/live', '/photo', '/proof'])
      expect((await fetch(host.url + link + route)).status).toBe(404);
    expect(await driverReads()).toBe(0);
  });

  it('ends the stream of a link that expires while somebody looks', async () => {
    await start();
    const link = await trackingOf(host).linkFor('A-1', { expiresIn: '1m' });
    const stream = await fetch(`${host.url}${link}/live`);
    await host.clock.advance('61s');
    expect(await stream.text()).toMatch(/event: gone\ndata: \{\}\n\n$/);
  });
});
