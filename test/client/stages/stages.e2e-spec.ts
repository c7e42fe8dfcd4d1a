import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ClientRequests } from '../client-requests.js';
import { endCall, lookAround, type EndedCall, type Left } from './ended-call.js';
import { ORDER } from '../../support/inputs.js';
import { failureOf } from '../../support/lalamove.js';
import { isBackTo, resources } from '../process-state.js';
import { withRawLalamove } from '../raw-lalamove.js';
import { http, type RawHandler } from '../../support/raw-server.js';
import { ANSWER, CALL_NAMES, PATHS, type CallName, type Path } from './scene.js';
import { BETWEEN_ATTEMPTS, SENT_STAGES } from './sent-stages.js';
import { BY_SIGNAL, WAYS, type Stage, type Way } from './stage.js';
import { UNSENT_STAGES } from './unsent-stages.js';
import { turn, until } from '../../support/until.js';

/** The maximum real time under load; the step takes 1 ms. A call that waits for a timer never ends here. */
const PROMPT_MS = 750;
/** What remains of a call that has ended correctly. */
const NOTHING = {
  isEarly: false,
  listeners: 0,
  timers: 0,
  laterRequests: 0,
  unfinished: 0,
  open: 0,
  openAfterClose: 0,
};
/**
 * The functions that Jest does not fake. All other timers are fake: a time limit fires only at the stage of a call, and
 * the remaining timers can be counted.
 */
const REAL = ['nextTick', 'performance', 'hrtime', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const;

/** One way to end one call at a stage. */
interface Cell {
  readonly call: CallName;
  readonly way: Way;
  readonly path: Path;
}

/** The ways to end calls on all paths but the first of a stage: all ways share their code before the paths split. */
const FEW_WAYS: readonly Way[] = ['timeoutMs'];

/** Axios's own adapter does not report whether there was a connection, so the client must assume that it has sent. */
const UNWATCHED = /socket|DNS|TCP/;

const clients = new ClientRequests();

beforeAll(() => {
  jest.useFakeTimers({ doNotFake: [...REAL] });
});

afterAll(() => {
  jest.useRealTimers();
  clients.stop();
});

describe.each([...UNSENT_STAGES, BETWEEN_ATTEMPTS, ...SENT_STAGES])('a call that is ended $name', (stage) => {
  const cells = cellsOf(stage);
  let before: Record<string, number>;
  let seen: Map<Cell, EndedCall & Left>;

  beforeAll(async () => {
    clients.forget();
    before = resources();
    const ended = [];
    for (const cell of cells) {
      const { call, way, path } = cell;
      const scene = await stage.enter({ call, path, clients, stalls: Infinity, retry: { maxAttempts: 1 } });
      ended.push({ cell, scene, ...(await endCall(scene, way)) });
    }
    seen = new Map((await lookAround(ended, clients)).map((end) => [end.cell, end]));
  });

  const tellsTheTruth = (cell: Cell): void => {
    expect(seen.get(cell)?.error).toMatchObject(truth(stage, cell));
  };
  const endsAtOnce = (cell: Cell): void => {
    expect(seen.get(cell)).toMatchObject(NOTHING);
    expect(seen.get(cell)?.lateMs).toBeLessThan(PROMPT_MS);
  };
  it.each(cells)('has the right exception at once, and leaves nothing open: $call by $way, $path', (cell) => {
    tellsTheTruth(cell);
    endsAtOnce(cell);
  });

  it('leaves no socket open', async () => {
    await until(() => isBackTo(before));
    expect({ before, after: resources(), isBack: isBackTo(before) }).toMatchObject({ isBack: true });
  });
});

describe('a call with three attempts', () => {
  const stages = [...UNSENT_STAGES, BETWEEN_ATTEMPTS, ...SENT_STAGES];
  const limited = stages.filter(({ ways = WAYS }) => ways.includes('timeoutMs'));
  // A server that never reads never answers.
  const repeatable = limited.filter(({ name }) => name !== 'while it is being sent');

  it.each(limited.filter(({ outcome }) => outcome === 'unsent'))(
    'is retried, even if it places an order, after a timeout $name',
    async (stage) => {
      expect(await repeated(stage, 'placeOrder')).toMatchObject({ end: 'answered', requests: 1 });
    },
  );

  it.each(limited.filter(({ outcome }) => outcome !== 'unsent'))(
    'is not retried, if it places an order, after a timeout $name',
    async (stage) => {
      const { end, requests, connections } = await repeated(stage, 'placeOrder');
      expect(end).toBe(stage.outcome === 'refused' ? 'LalamoveException' : 'LalamoveOutcomeUnknownException');
      expect(requests).toBeLessThanOrEqual(1);
      expect(connections).toBeLessThanOrEqual(1);
    },
  );

  it.each(repeatable)('is answered, if it only reads, after a timeout $name', async (stage) => {
    const { end } = await repeated(stage, 'getOrder');
    // For a read, a 4xx is an answer even if its body breaks off.
    const isRefused = stage.exception === 'LalamoveException' || stage.outcome === 'refused';
    expect(end).toBe(isRefused ? 'LalamoveException' : 'answered');
  });

  it.each<Way>(['abort()', 'deadlineMs'])('is not sent again after %s, wherever that came', async (way) => {
    const ended = [];
    for (const stage of stages.filter(({ ways = WAYS }) => ways.includes(way))) {
      for (const call of CALL_NAMES) {
        const scene = await stage.enter({ call, path: pathOf(stage), clients, stalls: 1, retry: REPEATS });
        ended.push({ name: stage.name, call, scene, ...(await endCall(scene, way)) });
      }
    }
    // Any backoff would have ended.
    jest.advanceTimersByTime(REPEATS.maxDelayMs);
    for (const { name, call, requests, lateMs, ...left } of await lookAround(ended, clients)) {
      expect({ name, call, isPrompt: lateMs < PROMPT_MS, isOneAtMost: requests <= 1, ...left }).toMatchObject({
        name,
        call,
        isPrompt: true,
        isOneAtMost: true,
        ...NOTHING,
      });
    }
  });
});

describe('a wait', () => {
  it('for the rate limit does not start if it would exceed deadlineMs', async () => {
    const rateLimit = { perMinute: { placeOrder: 2 } };
    await withRawLalamove(answering(ANSWER), { rateLimit, deadlineMs: 5000 }, async (lalamove, server) => {
      await lalamove.placeOrder(ORDER);
      expect(await failureOf(lalamove.placeOrder(ORDER))).toMatchObject({
        name: 'RateLimitedException',
        upstreamStatus: undefined,
        sentRequestId: undefined,
        retryAfterSeconds: 30,
      });
      expect([server.requests.length, jest.getTimerCount()]).toEqual([1, 0]);
    });
  });

  it('between two attempts does not start if it would exceed deadlineMs', async () => {
    const refusing = answering(http(429, '', { 'retry-after': '6' }));
    await withRawLalamove(refusing, { deadlineMs: 5000 }, async (lalamove, server) => {
      const error = await failureOf(lalamove.placeOrder(ORDER));
      expect(error).toMatchObject({ name: 'RateLimitedException', upstreamStatus: 429, retryAfterSeconds: 6 });
      expect([server.requests.length, jest.getTimerCount()]).toEqual([1, 0]);
    });
  });

  it('for the rate limit is not limited by timeoutMs, which limits an attempt', async () => {
    const onRequest = jest.fn();
    const options = { rateLimit: { ordersPerSecond: 1 }, timeoutMs: 200, hooks: { onRequest } };
    await withRawLalamove(answering(ANSWER), options, async (lalamove) => {
      await lalamove.placeOrder(ORDER);
      const second = lalamove.placeOrder(ORDER);
      jest.advanceTimersByTime(1099);
      expect(onRequest).toHaveBeenCalledTimes(1);
      jest.advanceTimersByTime(1);
      await expect(second).resolves.toMatchObject({ orderId: '1' });
    });
  });

  it('between two attempts is not limited by timeoutMs either', async () => {
    let answers = 0;
    const refusingOnce: RawHandler = (socket) => {
      answers += 1;
      socket.write(answers === 1 ? http(429, '', { 'retry-after': '1' }) : ANSWER);
    };
    const [onRequest, onRetry] = [jest.fn(), jest.fn()];
    await withRawLalamove(refusingOnce, { timeoutMs: 200, hooks: { onRequest, onRetry } }, async (lalamove) => {
      const order = lalamove.placeOrder(ORDER);
      await until(() => onRetry.mock.calls.length > 0);
      jest.advanceTimersByTime(999);
      expect(onRequest).toHaveBeenCalledTimes(1);
      jest.advanceTimersByTime(1);
      await expect(order).resolves.toMatchObject({ orderId: '1' });
    });
  });
});

describe('in real time', () => {
  /** Enough time for a request to be sent on a busy machine. */
  const LIMIT_MS = 500;
  const cells = CALL_NAMES.flatMap((call) => WAYS.map((way) => ({ call, way })));

  beforeAll(() => {
    jest.useRealTimers();
  });

  it('every way ends every call on time, and leaves no timer', async () => {
    const before = resources();
    await withRawLalamove(
      () => undefined,
      {},
      async (lalamove, server) => {
        const ends = cells.map(async ({ call, way }) => {
          const aborted = new AbortController();
          const options = {
            'abort()': { signal: aborted.signal },
            'AbortSignal.timeout()': { signal: AbortSignal.timeout(LIMIT_MS) },
            timeoutMs: { timeoutMs: LIMIT_MS, maxAttempts: 1 },
            deadlineMs: { deadlineMs: LIMIT_MS },
          }[way];
          const cause = new Promise<number>((resolve) => {
            setTimeout(() => {
              resolve(performance.now());
              aborted.abort();
            }, LIMIT_MS);
          });
          const made = call === 'getOrder' ? lalamove.getOrder('1', options) : lalamove.placeOrder(ORDER, options);
          const { name } = await failureOf(made);
          const endedAt = performance.now();
          return { call, way, name, lateMs: endedAt - (await cause) };
        });
        for (const { call, way, name, lateMs } of await Promise.all(ends)) {
          const plain = way === 'abort()' ? 'LalamoveAbortedException' : 'LalamoveTimeoutException';
          expect([call, way, name]).toEqual([
            call,
            way,
            call === 'getOrder' ? plain : 'LalamoveOutcomeUnknownException',
          ]);
          expect(Math.abs(lateMs)).toBeLessThan(PROMPT_MS);
        }
        expect(server.requests).toHaveLength(cells.length);
      },
    );
    await until(() => isBackTo(before));
    expect({ before, after: resources(), isBack: isBackTo(before) }).toMatchObject({ isBack: true });
  });
});

/** The retry options of these tests. */
const REPEATS = { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 1 };

/** Every combination that is tested at a stage. */
function cellsOf(stage: Stage): Cell[] {
  const { ways = WAYS, paths = PATHS } = stage;
  return paths.flatMap((path) =>
    CALL_NAMES.flatMap((call) =>
      ways.filter((way) => path === pathOf(stage) || FEW_WAYS.includes(way)).map((way): Cell => ({ call, way, path })),
    ),
  );
}

/** The first path on which a call reaches a stage. */
function pathOf({ paths: [path = 'past axios'] = PATHS }: Stage): Path {
  return path;
}

/** The expected properties of the exception. */
function truth({ name, outcome, status, exception }: Stage, { call, way, path }: Cell): Record<string, unknown> {
  const mayBeSent = outcome !== 'unsent' || (path === 'by a proxy' && UNWATCHED.test(name));
  const byWay = way === 'abort()' ? 'LalamoveAbortedException' : 'LalamoveTimeoutException';
  const sentRequestId: unknown = mayBeSent ? expect.stringMatching(/^[0-9a-f-]{36}$/) : undefined;
  const retryable = !BY_SIGNAL.includes(way) && (!mayBeSent || call === 'getOrder');
  const told = exception === undefined ? { name: byWay, retryable } : { name: exception };
  const plain = { ...told, upstreamStatus: status, sentRequestId };
  if (call !== 'placeOrder' || outcome === 'refused' || !mayBeSent) return plain;
  return { ...plain, name: 'LalamoveOutcomeUnknownException', retryable: false, cause: plain };
}

/** The result of a call with retries, with its first attempt stalled until `timeoutMs`. */
async function repeated(stage: Stage, call: CallName): Promise<{ end: string; requests: number; connections: number }> {
  const scene = await stage.enter({ call, path: pathOf(stage), clients, stalls: 1, retry: REPEATS });
  const made = scene.send({ timeoutMs: 1000 }).then(
    () => 'answered',
    (error: unknown) => (error instanceof Error ? error.name : 'no error'),
  );
  await until(scene.isReached);
  jest.advanceTimersByTime(1000);
  await turn();
  jest.advanceTimersByTime(REPEATS.maxDelayMs);
  const end = await made;
  const { server } = scene;
  const seen = { end, requests: scene.requests(), connections: server.connections };
  await scene.close();
  await server.stop();
  return seen;
}

/** A server that gives every request the same answer. */
function answering(bytes: Buffer): RawHandler {
  return (socket) => socket.write(bytes);
}
