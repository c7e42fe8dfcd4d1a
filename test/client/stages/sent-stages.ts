import type { Socket } from 'node:net';
import { Gate } from '../../support/gate.js';
import { ORDER } from '../../support/inputs.js';
import { http, RawServer } from '../../support/raw-server.js';
import { ANSWER, ASIDE, isAside, startScene, type Scene, type Setting } from './scene.js';
import { BY_SIGNAL, type Stage } from './stage.js';

/** More bytes than the system buffers for a server that does not read. */
const LARGE = 'x'.repeat(5 * 1024 * 1024);

/** The stages at which Lalamove may have received the call or may have answered. */
export const SENT_STAGES: readonly Stage[] = [
  // Our client has sent nothing, but it cannot know what an interceptor has sent (see spending.e2e-spec.ts).
  {
    name: 'in a request interceptor',
    outcome: 'unknown',
    paths: ['with an interceptor', 'by a proxy'],
    enter: enterRequestInterceptor,
  },
  // A large body takes long: one path is enough.
  { name: 'while it is being sent', outcome: 'unknown', paths: ['past axios'], enter: enterSending },
  { name: 'while it waits for headers', outcome: 'unknown', enter: answered(ANSWER, 0) },
  {
    name: 'while it waits for headers over a used connection',
    outcome: 'unknown',
    paths: ['past axios'],
    enter: enterUsedConnection,
  },
  {
    name: 'after a 103',
    outcome: 'unknown',
    paths: ['past axios'],
    enter: answered(...informational('HTTP/1.1 103 Early Hints\r\n\r\n')),
  },
  // A status without a body is no answer yet, not even a refusal.
  { name: 'amid the headers of a 422', outcome: 'unknown', enter: answered(http(422, '{}'), 30) },
  { name: 'amid the body of a 200', outcome: 'unknown', status: 200, enter: answered(ANSWER, ANSWER.length - 5) },
  {
    name: 'amid the body of a 408',
    outcome: 'unknown',
    status: 408,
    exception: 'LalamoveTimeoutException',
    paths: ['past axios'],
    enter: answered(...brokenOff(408)),
  },
  {
    name: 'amid the body of a 422',
    outcome: 'unknown',
    status: 422,
    exception: 'LalamoveException',
    enter: answered(...brokenOff(422)),
  },
  {
    name: 'amid the body of a 503',
    outcome: 'unknown',
    status: 503,
    exception: 'LalamoveServerException',
    enter: answered(...brokenOff(503)),
  },
  {
    name: 'in a response interceptor after a 200',
    outcome: 'unknown',
    status: 200,
    paths: ['with an interceptor'],
    enter: enterResponseInterceptor(200),
  },
  {
    name: 'in a response interceptor after a 422',
    outcome: 'refused',
    status: 422,
    exception: 'LalamoveException',
    paths: ['with an interceptor'],
    enter: enterResponseInterceptor(422),
  },
];

/** Lalamove has refused the call, and the client will retry it. */
export const BETWEEN_ATTEMPTS: Stage = {
  name: 'between two attempts',
  outcome: 'refused',
  ways: BY_SIGNAL,
  paths: ['past axios'],
  enter: enterBackOff,
};

async function enterRequestInterceptor(setting: Setting): Promise<Scene> {
  const server = await RawServer.start((socket) => socket.write(ANSWER));
  const gate = new Gate(setting.stalls);
  return startScene(setting, server, {
    prepare: ({ axiosRef }) => axiosRef.interceptors.request.use((config) => gate.pass(config)),
    isReached: () => gate.entered > 0,
    release: () => {
      gate.open();
    },
  });
}

async function enterSending(setting: Setting): Promise<Scene> {
  const { call, clients } = setting;
  const server = await RawServer.start((socket) => socket.write(ANSWER), { pauseOnConnect: true });
  // A read has no body, so a header is large instead.
  const options = call === 'getOrder' ? { http: { headers: { 'X-Large': LARGE } } } : { validate: false };
  const scene = await startScene(setting, server, {
    options,
    isReached: () => server.open > 0 && (clients.socketTo(server)?.writableLength ?? 0) > 0,
    release: () => {
      server.discard();
    },
  });
  const large = { ...ORDER, metadata: { large: LARGE } };
  return call === 'getOrder' ? scene : { ...scene, send: (given) => scene.lalamove.placeOrder(large, given) };
}

/** A server that stops its answer after so many bytes. */
function answered(answer: Buffer, cut: number): Stage['enter'] {
  return async (setting) => {
    const stalled: Socket[] = [];
    const server = await RawServer.start((socket) => {
      const isStalled = stalled.length < setting.stalls;
      if (isStalled) stalled.push(socket);
      socket.write(isStalled ? answer.subarray(0, cut) : ANSWER);
    });
    return startScene(setting, server, {
      isReached: () => stalled.length > 0 && (setting.clients.socketTo(server)?.bytesRead ?? 0) >= cut,
      release: () => {
        for (const socket of stalled) socket.write(answer.subarray(cut));
      },
    });
  };
}

async function enterUsedConnection(setting: Setting): Promise<Scene> {
  let stalled = 0;
  const server = await RawServer.start((socket, request) => {
    if (isAside(request) || stalled >= setting.stalls) socket.write(ANSWER);
    else stalled += 1;
  });
  const scene = await startScene(setting, server, { isReached: () => stalled > 0 && server.connections === 1 });
  await scene.send(ASIDE);
  return scene;
}

async function enterBackOff(setting: Setting): Promise<Scene> {
  const server = await RawServer.start((socket) => socket.write(http(429, '', { 'retry-after': '1' })));
  let isReached = false;
  const onRetry = (): void => {
    isReached = true;
  };
  const options = { hooks: { onRetry }, retry: { maxAttempts: 2 } };
  return startScene(setting, server, { options, isReached: () => isReached, kept: 1 });
}

/** An interceptor that holds a complete answer back. */
function enterResponseInterceptor(status: number): Stage['enter'] {
  return async (setting) => {
    let answers = 0;
    const server = await RawServer.start((socket) => {
      answers += 1;
      const body = status < 400 ? '{"data":{"orderId":"1"}}' : '{"errors":[{"id":"ERR_NEW"}]}';
      socket.write(answers > setting.stalls ? ANSWER : http(status, body));
    });
    const gate = new Gate(setting.stalls);
    return startScene(setting, server, {
      prepare: ({ axiosRef }) => axiosRef.interceptors.response.use((response) => gate.pass(response)),
      isReached: () => gate.entered > 0,
      release: () => {
        gate.open();
      },
      kept: 1,
    });
  };
}

/** An answer that stops shortly before its end. */
function brokenOff(status: number): [answer: Buffer, cut: number] {
  const answer = http(status, '{"errors":[{"message":"It broke off"}]}');
  return [answer, answer.length - 5];
}

/** An answer that stops after an informational response. */
function informational(head: string): [answer: Buffer, cut: number] {
  return [Buffer.concat([Buffer.from(head), ANSWER]), head.length];
}
