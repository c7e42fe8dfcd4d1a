import { jest } from '@jest/globals';
import type { RequestOptions } from 'nestjs-lalamove';
import { getEventListeners, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { ClientRequests } from '../client-requests.js';
import { failureOf } from '../../support/lalamove.js';
import type { Scene } from './scene.js';
import type { Way } from './stage.js';
import { turn, until } from '../../support/until.js';

/** What was seen of the end of a call. */
export interface EndedCall {
  readonly error: Error;
  /** Whether it was there ahead of its cause. */
  readonly isEarly: boolean;
  /** How long after its cause it came, in ms of real time. */
  readonly lateMs: number;
  /** How many requests of it had come completely. */
  readonly requests: number;
  /** Listeners that were left on the caller's signal. */
  readonly listeners: number;
  /** Timers that were left. */
  readonly timers: number;
}

/** What is left of a call a moment after its end: nothing, where all is well. */
export interface Left {
  /** Requests that came later, although what had hung could go on. */
  readonly laterRequests: number;
  /** Requests of `node:http` that are neither answered completely nor destroyed. */
  readonly unfinished: number;
  /** Connections that are open at the server, beyond those that are kept for the next call. */
  readonly open: number;
  /** Connections that are open once the app is closed. */
  readonly openAfterClose: number;
}

/**
 * The time limits here, in ms of Jest's time, which stands still until a call has got to its stage: no machine is too
 * busy for that.
 */
const LIMIT_MS = 1000;
/** A call that has not ended by then never will. */
const NEVER_MS = 1500;
/** So long a later request is waited for. */
const MOMENT_MS = 20;

/** What `AbortSignal.timeout()` aborts with: of one that is over. */
const TIMEOUT_REASON = pastReason(AbortSignal.timeout(0));

/** Makes the call of a scene, and ends it where it has got stuck. It wants Jest's timers. */
export async function endCall(scene: Scene, way: Way): Promise<EndedCall> {
  const controller = new AbortController();
  const { signal } = controller;
  const reason = way === 'AbortSignal.timeout()' ? await TIMEOUT_REASON : undefined;
  const timers = jest.getTimerCount();
  const course = { startedAt: performance.now(), endedAt: 0 };
  if (scene.isBeforeCall) controller.abort(reason);
  const ending = failureOf(scene.send(optionsOf(way, signal))).finally(() => {
    course.endedAt = performance.now();
  });
  // Looked at below.
  ending.catch(() => undefined);
  await turn();
  await until(() => course.endedAt > 0 || scene.isReached());
  jest.advanceTimersByTime(LIMIT_MS - 1);
  await turn();
  const isEarly = course.endedAt > 0 && !scene.isBeforeCall;
  const causedAt = scene.isBeforeCall ? course.startedAt : performance.now();
  if (way === 'abort()' || way === 'AbortSignal.timeout()') controller.abort(reason);
  else jest.advanceTimersByTime(1);
  const error = await Promise.race([ending, pause(NEVER_MS, undefined, { ref: false })]);
  if (!error) throw new Error(`It did not end within ${NEVER_MS} ms.`);
  return {
    error,
    isEarly,
    lateMs: course.endedAt - causedAt,
    requests: scene.requests(),
    listeners: getEventListeners(signal, 'abort').length,
    timers: jest.getTimerCount() - timers,
  };
}

/** Lets what hung in scenes go on, takes them down, and adds what was left. */
export async function lookAround<Ended extends { scene: Scene; requests: number }>(
  ended: readonly Ended[],
  clients: ClientRequests,
): Promise<(Ended & Left)[]> {
  for (const { scene } of ended) await scene.release();
  await pause(MOMENT_MS);
  return Promise.all(
    ended.map(async (end) => {
      const { server, kept, requests, close } = end.scene;
      await until(() => server.open <= kept);
      const open = Math.max(0, server.open - kept);
      const laterRequests = requests() - end.requests;
      const unfinished = clients.to(server).filter(({ destroyed }) => !destroyed).length;
      await close();
      await until(() => server.open === 0);
      const openAfterClose = server.open;
      await server.stop();
      return { ...end, laterRequests, unfinished, open, openAfterClose };
    }),
  );
}

function optionsOf(way: Way, signal: AbortSignal): RequestOptions {
  if (way === 'timeoutMs') return { timeoutMs: LIMIT_MS };
  return way === 'deadlineMs' ? { deadlineMs: LIMIT_MS } : { signal };
}

async function pastReason(signal: AbortSignal): Promise<unknown> {
  await once(signal, 'abort');
  return signal.reason;
}
