// Signed webhooks, and open connections that post them. Bare sockets, because the sender shares the cores with what is
// measured.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { signWebhook } from 'nestjs-lalamove';
import { CREDENTIALS, WEBHOOKS } from '../client/samples.mjs';

export const PATH = 'webhooks/lalamove';

const DRIVER_ID = '80557';
const DRIVER = { driverId: DRIVER_ID, name: 'Chan', phone: '+85291234567', plateNumber: 'AB***34', photo: '' };

const changed = (status, previousStatus) => (order) => ({
  eventType: 'ORDER_STATUS_CHANGED',
  data: { order: { ...order, status, previousStatus, driverId: DRIVER_ID } },
});

/** What happens to an order after it was placed. */
export const LIFE = [
  changed('ON_GOING', 'ASSIGNING_DRIVER'),
  (order) => ({ eventType: 'DRIVER_ASSIGNED', data: { driver: DRIVER, location: { lat: '1', lng: '1' }, order } }),
  changed('PICKED_UP', 'ON_GOING'),
  changed('COMPLETED', 'PICKED_UP'),
];

/** The webhooks of an order from the driver to the end, as HTTP requests of about 1 KB. */
export function requestsOf(orderId, metadata) {
  const { apiKey, apiSecret: secret } = CREDENTIALS;
  const order = { ...WEBHOOKS.ORDER_STATUS_CHANGED.order, orderId, metadata };
  const from = Math.floor(Date.now() / 1000) - LIFE.length;
  return LIFE.map((event, index) => {
    const { eventType, data } = event(order);
    const signed = { ...data, updatedAt: new Date((from + index) * 1000).toISOString() };
    const { body } = signWebhook({
      secret,
      apiKey,
      path: `/${PATH}`,
      eventType,
      data: signed,
      timestamp: from + index,
    });
    const head = [
      `POST /${PATH} HTTP/1.1`,
      'host: 127.0.0.1',
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
    ];
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}

/** Open connections to hosts. Each posts one request at a time. */
export class Connections {
  #idle = [];
  #waiting = [];

  /** @param count shared by the hosts */
  static async to(ports, count) {
    const all = new Connections();
    const open = Array.from({ length: count }, (_, index) => all.#open(ports[index % ports.length]));
    all.#idle = await Promise.all(open);
    return all;
  }

  /** @returns how long it took until the 200, in ms */
  async post(request) {
    const connection = this.#idle.pop() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
    const began = performance.now();
    const status = await connection.post(request);
    const ms = performance.now() - began;
    const next = this.#waiting.shift();
    if (next) next(connection);
    // In turns, so that all hosts get the same share.
    else this.#idle.unshift(connection);
    if (status !== '200') throw new Error(`A webhook was answered ${status}.`);
    return ms;
  }

  close() {
    for (const { socket } of this.#idle) socket.removeAllListeners('close').destroy();
  }

  async #open(port) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    let answer = '';
    let answered;
    socket.on('data', (chunk) => {
      answer += chunk.latin1Slice();
      if (answer.endsWith('}')) answered(answer.slice(9, 12));
    });
    socket.on('close', () => answered?.('nothing: the host has closed the connection'));
    const post = (request) =>
      new Promise((resolve) => {
        answer = '';
        answered = resolve;
        socket.write(request);
      });
    return { socket, post };
  }
}
