import { jest } from '@jest/globals';
import type { RequestOptions } from 'nestjs-lalamove';
import { getEventListeners, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { ClientRequests } from '../client-requests.js';
import { failureOf } from '../../support/lalamove.js';
import type { Scene } from './scene.js';
import type { Way } from './stage.js';
import { turn, until } from '../../support/until.js';

/** The observed end of a call. */
export interface EndedCall {
  readonly error: Error;
  /** Whether the call ended before its cause. */
  readonly isEarly: boolean;
  /** How long after its cause the call ended, in ms of real time. */
  readonly lateMs: number;
  /** How many requests of the call had arrived completely. */
  readonly requests: number;
  /** Listeners that remained on the caller's signal. */
  readonly listeners: number;
  /** Timers that remained. */
  readonly timers: number;
}

/** What remains of a call a moment after its end: nothing, if the client is correct. */
export interface Left {
  /** Requests that came later, after the stalled stage was released. */
  readonly laterRequests: number;
  /** Requests of `node:http` that are neither answered completely nor destroyed. */
  readonly unfinished: number;
  /** Connections that are open at the server, in addition to those for the next call. */
  readonly open: number;
  /** Connections that are open after the app is closed. */
  readonly openAfterClose: number;
}

/**
 * The time limits here, in ms of Jest's time. That time does not advance until a call has reached its stage, so a busy
 * machine cannot change the result.
 */
const LIMIT_MS = 1000;
/** A call that has not ended by then is taken to hang. */
const NEVER_MS = 1500;
/** How long the test waits for a later request. */
const MOMENT_MS = 20;

/** The reason with which `AbortSignal.timeout()` aborts. */
const TIMEOUT_REASON = pastReason(AbortSignal.timeout(0));

/** Makes the call of a scene, and ends it at its stage. Needs Jest's timers. */
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
  // The rejection is checked below.
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

/** Releases the stalled scenes, closes them, and adds what remained. */
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
