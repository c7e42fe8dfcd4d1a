// The contenders. Each reads an order and places one, and returns what its user gets.
import { Buffer } from 'node:buffer';
import { createHmac, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { CREDENTIALS, ANSWER_BODY, answerHeaders, ORDER, ORDER_ID } from './samples.mjs';

/** A limiter without waits, because waits are not measured. */
const LIMITER = {
  rateLimit: { perMinute: { getOrder: 1e9, placeOrder: 1e9 }, ordersPerSecond: 1e9 },
  clock: {
    now: () => performance.timeOrigin + performance.now(),
    setTimeout: () => {
      throw new Error('The limiter makes a call wait.');
    },
  },
};

/** The same agent for all: connections stay open, one for each request in flight. */
const keepAlive = () => new Agent({ keepAlive: true });

const GET_PATH = `/v3/orders/${ORDER_ID}`;
const POST_PATH = '/v3/orders';

/** @returns what everybody who signs must send */
function signedHeaders(method, path, body) {
  const timestamp = String(Date.now());
  const text = `${timestamp}\r\n${method}\r\n${path}\r\n\r\n${body}`;
  const signature = createHmac('sha256', CREDENTIALS.apiSecret).update(text).digest('hex');
  return {
    Authorization: `hmac ${CREDENTIALS.apiKey}:${timestamp}:${signature}`,
    Market: CREDENTIALS.market,
    'Request-ID': randomUUID(),
    Accept: 'application/json',
    ...(body && { 'Content-Type': 'application/json' }),
  };
}

/** The minimum with node:http: the lower limit of everything that is built on it. */
function bare(port, headersOf) {
  const agent = keepAlive();
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, method, path, agent, headers: headersOf(method, path, body) };
      const outgoing = request(options, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()).data));
        response.on('error', reject);
      });
      outgoing.on('error', reject).end(body);
    });
  return {
    GET: () => call('GET', GET_PATH, ''),
    POST: () => call('POST', POST_PATH, JSON.stringify({ data: ORDER })),
  };
}

const PLAIN_HEADERS = { GET: { Accept: 'application/json' }, POST: { 'Content-Type': 'application/json' } };

/**
 * The official SDK calls only Lalamove's hosts by HTTPS. It is patched at run time, on the module object that it uses:
 * `https.request` becomes `http.request` to the loopback server. The rest is unchanged. `agent` is the agent that all
 * contenders get.
 */
async function sdk(port, agentOf) {
  const { default: https } = await import('node:https');
  const { default: lalamove } = await import('@lalamove/lalamove-js');
  const target = { host: '127.0.0.1', port, agent: agentOf(https) };
  https.request = (options, onResponse) => request(Object.assign(options, target), onResponse);
  const client = new lalamove.ClientModule(new lalamove.Config(CREDENTIALS.apiKey, CREDENTIALS.apiSecret));
  const order = lalamove.OrderPayloadBuilder.orderPayload()
    .withQuotationID(ORDER.quotationId)
    .withSender(ORDER.sender)
    .withRecipients(ORDER.recipients)
    .withIsPODEnabled(ORDER.isPODEnabled)
    .withMetadata(ORDER.metadata)
    .build();
  return {
    GET: () => client.Order.retrieve(CREDENTIALS.market, ORDER_ID),
    POST: () => client.Order.create(CREDENTIALS.market, order),
  };
}

/**
 * The SDK's own agent, with TCP in place of TLS: shows whether the SDK keeps connections open.
 */
async function sdkDefaultAgent() {
  const { connect } = await import('node:net');
  return ({ globalAgent }) => Object.assign(globalAgent, { protocol: 'http:', createConnection: connect });
}

/** `@nestjs/axios` as commonly used, with a hand-written signature. */
async function httpService(port, adapter) {
  const { HttpService } = await import('@nestjs/axios');
  const { default: Axios } = await import('axios');
  const { firstValueFrom } = await import('rxjs');
  const http = new HttpService(Axios.create({ httpAgent: keepAlive(), ...(adapter && { adapter }) }));
  const base = `http://127.0.0.1:${port}`;
  const data = async (answer) => (await firstValueFrom(answer)).data.data;
  return {
    GET: () => data(http.get(base + GET_PATH, { headers: signedHeaders('GET', GET_PATH, '') })),
    POST: () => {
      const body = JSON.stringify({ data: ORDER });
      return data(http.post(base + POST_PATH, body, { headers: signedHeaders('POST', POST_PATH, body) }));
    },
  };
}

/** `LalamoveService` in a Nest application; `prepare` may change its axios instance. */
async function ours(port, options, prepare = () => undefined) {
  await import('reflect-metadata');
  const { NestFactory } = await import('@nestjs/core');
  const { getLalamoveHttpToken, LalamoveModule, LalamoveService } = await import('../../dist/esm/index.js');
  const account = LalamoveModule.forRoot({ ...CREDENTIALS, baseUrl: `http://127.0.0.1:${port}`, ...options });
  const root = { module: class Root {}, imports: [account] };
  const app = await NestFactory.createApplicationContext(root, { logger: ['error', 'warn'] });
  prepare(app.get(getLalamoveHttpToken()).axiosRef);
  const lalamove = app.get(LalamoveService);
  return { GET: () => lalamove.getOrder(ORDER_ID), POST: () => lalamove.placeOrder(ORDER) };
}

/** An adapter of axios that answers at once with the server's answer. */
async function stubAdapter() {
  const { AxiosHeaders } = await import('axios');
  const headers = Object.entries(answerHeaders()).map(([name, value]) => [name.toLowerCase(), value]);
  return (config) =>
    Promise.resolve({
      status: config.method === 'get' ? 200 : 201,
      statusText: 'OK',
      headers: new AxiosHeaders(Object.fromEntries(headers)),
      config,
      request: {},
      data: ANSWER_BODY,
    });
}

/** Replaces the network by an adapter. */
const answeredBy = (adapter) => (http) => {
  http.defaults.adapter = adapter;
};

/** A port without a listener: with a stub adapter no request may leave the process. */
const NO_PORT = 1;

export const PEER = '@lalamove/lalamove-js';
export const OURS = 'nestjs-lalamove';
export const OURS_UNCHECKED = 'nestjs-lalamove, validate: false';
export const OURS_INTERCEPTED = 'nestjs-lalamove, with an interceptor';
export const OURS_LIMITED = 'nestjs-lalamove, limiter on';
export const PEER_STUBBED = 'HttpService, stub adapter';
export const OURS_STUBBED = 'nestjs-lalamove, stub adapter';
export const OURS_STUBBED_LIMITED = 'nestjs-lalamove, stub adapter, limiter on';

/** Contender name → a function that makes the two calls, from the server's port. */
export const CONTENDERS = {
  'node:http': (port) => bare(port, (method) => PLAIN_HEADERS[method]),
  'node:http, signed': (port) => bare(port, signedHeaders),
  [PEER]: (port) => sdk(port, keepAlive),
  HttpService: (port) => httpService(port),
  [OURS]: (port) => ours(port, { rateLimit: false }),
  [OURS_LIMITED]: (port) => ours(port, LIMITER),
  [OURS_UNCHECKED]: (port) => ours(port, { rateLimit: false, validate: false }),
  [OURS_INTERCEPTED]: (port) =>
    ours(port, { rateLimit: false }, (http) => http.interceptors.request.use((config) => config)),
};

/** As {@link CONTENDERS}, without a network: the cost of each contender's own code. */
export const STUBBED = {
  [PEER_STUBBED]: async () => httpService(NO_PORT, await stubAdapter()),
  [OURS_STUBBED]: async () => ours(NO_PORT, { rateLimit: false }, answeredBy(await stubAdapter())),
  [OURS_STUBBED_LIMITED]: async () => ours(NO_PORT, LIMITER, answeredBy(await stubAdapter())),
};

/** Not measured: only its connections are counted. */
export const PEER_DEFAULT = `${PEER}, its own agent`;

/** @returns {Promise<{ GET: () => Promise<object>, POST: () => Promise<object> }>} */
export async function makeContender(name, port) {
  if (name === PEER_DEFAULT) return sdk(port, await sdkDefaultAgent());
  return { ...CONTENDERS, ...STUBBED }[name](port);
}
