import { AsyncResource } from 'node:async_hooks';

/** Runs work in the async context that was captured. */
export type RunInContext = <T>(work: () => T) => T;

/** Created when this file is loaded, so that it holds no request's context. */
const root = new AsyncResource('LalamoveRoot');

/**
 * Captures the async context of the caller (its `AsyncLocalStorage` stores, its trace), for callbacks from a timer, a
 * socket or a queue that callers share. Without this a callback runs in the context of whoever created the timer or
 * woke the queue.
 */
export function captureContext(): RunInContext {
  const resource = new AsyncResource('LalamoveCaller');
  return (work) => resource.runInAsyncScope(work);
}

/**
 * Runs work in an async context of its own, which inherits nothing: for work that several callers share, or that nobody
 * waits for. Timers and promises created in it keep that context, so they hold no request's stores in memory.
 */
export function detached<T>(work: () => T): T {
  // A new resource for each call: `enterWith` in one must not affect the next.
  return root.runInAsyncScope(() => captureContext()(work));
}
