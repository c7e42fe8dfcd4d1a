// A separate process that sends webhooks over open connections, a number of them at a time, and reports how long that
// took. It uses bare sockets, because the sender must not be slower than the receiver.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { signWebhook } from '../../dist/esm/index.js';
import { answering } from './processes.mjs';
import { CREDENTIALS, WEBHOOK_PATH, WEBHOOKS } from './samples.mjs';

const IN_FLIGHT = 50;
const EVENT_TYPE = 'ORDER_STATUS_CHANGED';

let sent = 0;

/** Each webhook is a distinct event, because duplicates do not reach the handler. */
function nextRequest() {
  sent += 1;
  const { order, ...rest } = WEBHOOKS[EVENT_TYPE];
  const data = { order: { ...order, orderId: String(BigInt(order.orderId) + BigInt(sent)) }, ...rest };
  const { apiKey, apiSecret: secret } = CREDENTIALS;
  const { body } = signWebhook({ secret, apiKey, path: WEBHOOK_PATH, eventType: EVENT_TYPE, data });
  const head = [
    `POST ${WEBHOOK_PATH} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Sends webhooks one after the other over one connection until none is left. */
async function send(port, requests) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  let answer = '';
  await new Promise((resolve, reject) => {
    const next = () => {
      const request = requests.pop();
      if (!request) return resolve();
      answer = '';
      socket.write(request);
    };
    socket.on('data', (chunk) => {
      answer += chunk.latin1Slice();
      if (!answer.endsWith('}')) return;
      if (answer.startsWith('HTTP/1.1 200 ')) next();
      else reject(new Error(`It was not taken: ${answer}`));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The server has closed the connection.')));
    next();
  });
  socket.removeAllListeners('close').destroy();
}

answering(async ({ port, count }) => {
  const requests = Array.from({ length: count }, nextRequest);
  const start = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, () => send(port, requests)));
  return { seconds: (performance.now() - start) / 1000 };
});
