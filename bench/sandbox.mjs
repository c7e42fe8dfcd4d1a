// Runs ten thousand orders through one sandbox, and measures CPU and remaining memory. After a build:
//   node --expose-gc bench/sandbox.mjs [orders] [requests in flight]
// The sandbox is alone in this process. The client and the webhook receiver are in another process, so that heap and
// profile (`--cpu-prof`) belong to the sandbox alone.
import { fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LalamoveSandbox, SandboxClock } from '../dist/esm/sandbox/index.js';

const ROUNDS = 2;
const ROUTE = {
  serviceType: 'MOTORCYCLE',
  language: 'en_HK',
  stops: [
    { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak' },
    { coordinates: { lat: '22.3080', lng: '113.9185' }, address: 'Airport' },
  ],
};
const PERSON = { name: 'Ada', phone: '+85251234567' };

/** The other process: a client that places a number of orders, and the receiver of their webhooks. */
async function serveClient() {
  let webhooks = 0;
  const receiver = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      webhooks += 1;
      response.end();
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');

  const agent = new Agent({ keepAlive: true });
  const call = ({ url, apiKey, apiSecret }, method, path, data) =>
    new Promise((resolve, reject) => {
      const body = data ? JSON.stringify({ data }) : '';
      const timestamp = String(Date.now());
      const text = `${timestamp}\r\n${method}\r\n${path}\r\n\r\n${body}`;
      const signature = createHmac('sha256', apiSecret).update(text).digest('hex');
      const headers = {
        authorization: `hmac ${apiKey}:${timestamp}:${signature}`,
        market: 'HK',
        'content-type': 'application/json',
      };
      const outgoing = request(url + path, { method, agent, headers }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk) => (answer += chunk));
        response.on('end', () => {
          if (response.statusCode < 300) resolve(JSON.parse(answer).data);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${answer}`));
        });
      });
      outgoing.on('error', reject).end(body);
    });

  const placeOne = async (sandbox, reference) => {
    const { quotationId, stops } = await call(sandbox, 'POST', '/v3/quotations', ROUTE);
    const [from, to] = stops.map(({ stopId }) => stopId);
    const order = {
      quotationId,
      sender: { stopId: from, ...PERSON },
      recipients: [{ stopId: to, ...PERSON, remarks: 'Ring twice' }],
      isPODEnabled: true,
      metadata: { reference },
    };
    const { orderId } = await call(sandbox, 'POST', '/v3/orders', order);
    await call(sandbox, 'GET', `/v3/orders/${orderId}`);
  };

  process.on('message', ({ sandbox, orders, inFlight }) => {
    const work = async () => {
      if (orders === undefined) return process.send({ webhooks });
      await call(sandbox, 'PATCH', '/v3/webhook', { url: `http://127.0.0.1:${receiver.address().port}/hooks` });
      let next = 0;
      const worker = async () => {
        while (next < orders) await placeOne(sandbox, `A-${(next += 1)}`);
      };
      await Promise.all(Array.from({ length: inFlight }, worker));
      return process.send({ webhooks });
    };
    work().catch((error) => {
      console.error(error);
      process.exit(1);
    });
  });
}

/** Sends the other process a command and waits for its answer: how many webhooks it has received so far. */
async function tell(client, message) {
  client.send(message);
  const [{ webhooks }] = await once(client, 'message');
  return webhooks;
}

const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** The memory of the process after garbage collection, in MB. */
async function memory() {
  // Closed sockets release their buffers in the next turns of the event loop.
  for (let turn = 0; turn < 3; turn += 1) {
    await wait(50);
    globalThis.gc?.();
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed / 2 ** 20, rss: rss / 2 ** 20 };
}

async function round(client, sandbox, orders, inFlight) {
  const { url, apiKey, apiSecret, control } = sandbox;
  const received = await tell(client, {});
  const before = await memory();
  const busy = process.cpuUsage();
  const placing = await seconds(() => tell(client, { sandbox: { url, apiKey, apiSecret }, orders, inFlight }));
  const living = await seconds(async () => {
    while (sandbox.ledger.total.completed.length < orders) await sandbox.advance('15m');
  });
  const { user, system } = process.cpuUsage(busy);
  const webhooks = (await tell(client, {})) - received;
  const after = await memory();
  const clearing = await seconds(() => control.clear());
  return { placing, living, clearing, webhooks, cpu: (user + system) / 1e6, before, after, cleared: await memory() };
}

async function bench() {
  const [orders = 10_000, inFlight = 20] = process.argv.slice(2).map(Number);
  const client = fork(fileURLToPath(import.meta.url), ['client'], { execArgv: [] });
  const clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
  const sandbox = await LalamoveSandbox.start({ clock, drivers: 'prompt', rateLimits: false });
  const rounds = [];
  for (let number = 0; number < ROUNDS; number += 1) rounds.push(await round(client, sandbox, orders, inFlight));
  client.disconnect();
  client.kill();
  await sandbox.stop();

  const figure = (value, digits = 0) => value.toFixed(digits);
  const row = (name, of) => `| ${name} | ${rounds.map((each) => of(each)).join(' | ')} |`;
  const mb = (moment) => (each) => `${figure(each[moment].heap, 1)} / ${figure(each[moment].rss)}`;
  const model = cpus()[0]?.model.trim();
  console.log(
    [
      `${orders} orders, ${inFlight} clients at once, on ${cpus().length} × ${model}, Node ${process.version}:`,
      '',
      `| | ${rounds.map((_, index) => `round ${index + 1}`).join(' | ')} |`,
      `|---|${rounds.map(() => '---:|').join('')}`,
      row('from the first quotation to the last `COMPLETED`, s', (each) => figure(each.placing + each.living, 1)),
      row('quoted, placed and read, s', (each) => figure(each.placing, 1)),
      row('orders placed a second', (each) => figure(orders / each.placing)),
      row('delivered, s', (each) => figure(each.living, 1)),
      row('orders delivered a second', (each) => figure(orders / each.living)),
      row('CPU of the sandbox, ms an order', (each) => figure((each.cpu / orders) * 1000, 1)),
      row('webhooks', (each) => figure(each.webhooks)),
      row('webhooks a second, in all', (each) => figure(each.webhooks / (each.placing + each.living))),
      row('cleared, ms', (each) => figure(each.clearing * 1000)),
      row('heap / RSS before, MB', mb('before')),
      row('heap / RSS after, MB', mb('after')),
      row('heap / RSS cleared, MB', mb('cleared')),
    ].join('\n'),
  );
  if (!globalThis.gc) console.log('\nRun it with --expose-gc: without, memory holds what has not been collected yet.');
}

await (process.argv[2] === 'client' ? serveClient() : bench());
