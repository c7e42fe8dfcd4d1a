import { AsyncResource } from 'node:async_hooks';

/** Runs something in the async context that was captured. */
export type RunInContext = <T>(work: () => T) => T;

/** Made while the module is loaded, so that no request's context is in it. */
const root = new AsyncResource('LalamoveRoot');

/**
 * Captures the async context of the caller (its `AsyncLocalStorage` stores, its trace), for what is called back from a timer, a socket
 * or a queue that others share: there the context is that of whoever made the timer, or woke the queue.
 */
export function captureContext(): RunInContext {
  const resource = new AsyncResource('LalamoveCaller');
  return (work) => resource.runInAsyncScope(work);
}

/**
 * Runs something in an async context of its own, which inherits nothing: work that many share, or that nobody waits for. Timers and promises
 * made in it keep that context, so that they hold no request's stores in memory either.
 */
export function detached<T>(work: () => T): T {
  // A resource for each: `enterWith` in one must not reach the next.
  return root.runInAsyncScope(() => captureContext()(work));
}
