import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { RawServer } from '../../support/raw-server.js';
import { ANSWER, ASIDE, isAside, startScene, type Scene, type Setting } from './scene.js';
import { BY_SIGNAL, type Stage } from './stage.js';
import { MisledAgent, NamelessAgent, UnconnectingAgent } from './stalling-agents.js';
import { until } from '../../support/until.js';

/** The stages before there is a connection: nothing can have been sent. */
export const UNSENT_STAGES: readonly Stage[] = [
  { name: 'before it is made', outcome: 'unsent', ways: BY_SIGNAL, paths: ['past axios'], enter: enterBeforeCall },
  {
    name: 'while it waits for the rate limit',
    outcome: 'unsent',
    ways: BY_SIGNAL,
    paths: ['past axios'],
    enter: enterRateLimit,
  },
  { name: 'while it waits for a socket', outcome: 'unsent', enter: enterSocketQueue },
  { name: 'while it waits for DNS', outcome: 'unsent', enter: enterLookup },
  { name: 'while it waits for TCP', outcome: 'unsent', enter: enterConnect },
  {
    name: 'while it waits for TLS',
    outcome: 'unsent',
    paths: ['past axios', 'with an interceptor'],
    enter: enterHandshake,
  },
];

async function enterBeforeCall(setting: Setting): Promise<Scene> {
  const server = await RawServer.start((socket) => socket.write(ANSWER));
  return startScene(setting, server, { isBeforeCall: true, isReached: () => true });
}

async function enterRateLimit(setting: Setting): Promise<Scene> {
  const server = await RawServer.start((socket) => socket.write(ANSWER));
  const options = { rateLimit: { perMinute: { getOrder: 2, placeOrder: 2 } }, deadlineMs: 60_000 };
  const scene = await startScene(setting, server, { options, isReached: () => true, kept: 1 });
  await scene.send(ASIDE);
  return scene;
}

async function enterSocketQueue(setting: Setting): Promise<Scene> {
  const held: Socket[] = [];
  const server = await RawServer.start((socket, request) => {
    if (isAside(request)) held.push(socket);
    else socket.write(ANSWER);
  });
  const httpAgent = new Agent({ maxSockets: 1 });
  let holding: Promise<unknown> = Promise.resolve();
  const release = async (): Promise<void> => {
    held.pop()?.write(ANSWER);
    await holding;
  };
  const scene = await startScene(setting, server, {
    options: { http: { httpAgent }, hooks: { onRetry: release } },
    isReached: () => Object.keys(httpAgent.requests).length > 0,
    release,
  });
  // This call fails if the scene is closed without a release.
  holding = scene.send(ASIDE).catch(() => undefined);
  await until(() => held.length > 0);
  return scene;
}

async function enterLookup(setting: Setting): Promise<Scene> {
  const server = await RawServer.start((socket) => socket.write(ANSWER));
  const httpAgent = new NamelessAgent(setting.stalls);
  return startScene(setting, server, {
    options: { baseUrl: server.url.replace('127.0.0.1', 'lalamove.test'), http: { httpAgent } },
    isReached: () => httpAgent.lookups > 0,
    release: () => {
      httpAgent.answer();
    },
  });
}

async function enterConnect(setting: Setting): Promise<Scene> {
  const server = await RawServer.start((socket) => socket.write(ANSWER));
  const httpAgent = new UnconnectingAgent(setting.stalls);
  return startScene(setting, server, { options: { http: { httpAgent } }, isReached: () => httpAgent.connections > 0 });
}

async function enterHandshake(setting: Setting): Promise<Scene> {
  const server = await RawServer.start(() => undefined);
  const [cert, key] = [fixture('cert'), fixture('key')];
  let requests = 0;
  const secure = createServer({ cert, key }, (_, response) => {
    requests += 1;
    response.end('{"data":{"orderId":"1"}}');
  });
  secure.listen(0, '127.0.0.1');
  await once(secure, 'listening');
  const address = secure.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const httpsAgent = new MisledAgent(setting.stalls, new URL(server.url).port, cert);
  const scene = await startScene(setting, server, {
    options: { baseUrl: `https://127.0.0.1:${port}`, http: { httpsAgent } },
    isReached: () => server.open > 0,
    requests: () => requests,
  });
  const close = async (): Promise<void> => {
    await scene.close();
    secure.close();
    secure.closeAllConnections();
    await once(secure, 'close');
  };
  return { ...scene, close };
}

function fixture(name: 'cert' | 'key'): Buffer {
  return readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url));
}
