import { AsyncResource } from 'node:async_hooks';

/** Runs work in the async context that was captured. */
export type RunInContext = <T>(work: () => T) => T;

/** Created when this file is loaded, so it contains no request's context. */
const root = new AsyncResource('LalamoveRoot');

/**
 * Captures the async context of the caller (its `AsyncLocalStorage` stores, its trace). Use it for callbacks from a
 * timer, a socket or a queue that callers share. Without it, a callback runs in the context of the code that created
 * the timer or woke the queue.
 */
export function captureContext(): RunInContext {
  const resource = new AsyncResource('LalamoveCaller');
  return (work) => resource.runInAsyncScope(work);
}

/**
 * Runs work in a new async context that inherits nothing. Use it for work that several callers share, or that no caller
 * awaits. Timers and promises created in it use that context, so they do not hold a request's stores in memory.
 */
export function detached<T>(work: () => T): T {
  // A new resource for each call: `enterWith` in one must not affect the next.
  return root.runInAsyncScope(() => captureContext()(work));
}
