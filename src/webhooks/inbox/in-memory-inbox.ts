import { Logger } from '@nestjs/common';
import { detached } from '../../internal/async-context.js';
import { logLine, say } from '../../internal/log-line.js';
import { LruMap } from '../../internal/lru-map.js';
import { atMost, TimeoutError, withTimeout } from '../../internal/with-timeout.js';
import type { LalamoveEvent } from '../events/lalamove-event.js';
import { inboxOptionProblems, type InMemoryLalamoveInboxOptions } from './in-memory-inbox.options.js';
import type { LalamoveEventHandler, LalamoveInbox, LalamoveInboxEntry } from './lalamove-inbox.js';

/** An event has at most two keys, plus one for each new signature. */
const KEYS_PER_EVENT = 2;

/**
 * The default inbox, in the memory of this process. **A crash loses the events that handlers have not finished.** A
 * restart loses the keys of earlier events, so a duplicate then counts as new. The inbox of `DeliveriesModule` survives
 * both.
 */
export class InMemoryLalamoveInbox implements LalamoveInbox {
  readonly #options: Required<InMemoryLalamoveInboxOptions>;
  readonly #logger = new Logger('LalamoveInbox');
  /** The keys of the latest events. */
  readonly #known: LruMap<string, true>;
  /** Events with the number of their handlers that have not finished. */
  readonly #held = new Map<LalamoveEvent, number>();
  readonly #running = new Set<Promise<void>>();
  /** The names of handlers that timed out and have not succeeded since. */
  readonly #timedOut = new Set<string>();
  readonly #retries = new Set<NodeJS.Timeout>();
  /** Events that were accepted before `start`. */
  readonly #early: LalamoveEvent[] = [];
  #handlersOf: ((event: LalamoveEvent) => readonly LalamoveEventHandler[]) | undefined;
  #isStopped = false;

  /** @throws RangeError that lists every wrong option, with its limits */
  constructor(options: InMemoryLalamoveInboxOptions = {}) {
    const problems = inboxOptionProblems(options);
    if (problems.length > 0) throw new RangeError(`An InMemoryLalamoveInbox cannot be made so: ${problems.join(' ')}`);
    const {
      remembers = 20_000,
      holds = 10_000,
      retryDelaysMs = [1000, 10_000, 60_000, 600_000],
      handlerTimeoutMs = 60_000,
      shutdownMs = 5000,
    } = options;
    this.#options = { remembers, holds, retryDelaysMs, handlerTimeoutMs, shutdownMs };
    this.#known = new LruMap(remembers * KEYS_PER_EVENT);
  }

  /** @throws Error if the inbox is full, or if the app is shutting down */
  accept({ keys, event }: LalamoveInboxEntry): 'new' | 'repeated' {
    if (keys.some((key) => this.#known.has(key))) {
      this.#remember(keys);
      return 'repeated';
    }
    if (this.#isStopped) throw new Error('The app is shutting down.');
    if (this.#held.size + this.#early.length >= this.#options.holds) {
      const { holds } = this.#options;
      throw new Error(`The inbox is full: ${holds} events are with their handlers. Check whether the handlers hang.`);
    }
    this.#remember(keys);
    if (this.#handlersOf) this.#dispatch(event);
    else this.#early.push(event);
    return 'new';
  }

  start(handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[]): void {
    this.#handlersOf = handlersOf;
    for (const event of this.#early.splice(0)) this.#dispatch(event);
  }

  /** Waits for running handlers, at most `shutdownMs`. Logs how many events are lost. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const retry of this.#retries) clearTimeout(retry);
    this.#retries.clear();
    if (this.#running.size > 0) await atMost(this.#options.shutdownMs, Promise.all(this.#running));
    const lost = this.#held.size + this.#early.length;
    if (lost === 0) return;
    say(this.#logger, 'warn', logLine('Unhandled events were lost at shutdown', { events: lost }));
  }

  #remember(keys: readonly string[]): void {
    for (const key of keys) this.#known.set(key, true);
  }

  #dispatch(event: LalamoveEvent): void {
    const handlers = this.#handlersOf?.(event) ?? [];
    if (handlers.length === 0) return;
    this.#held.set(event, handlers.length);
    // Handlers run later, so the webhook is answered first.
    const answered = new Promise<void>((resolve) => setImmediate(resolve));
    for (const handler of handlers) this.#try(event, handler, 0, answered);
  }

  #try(event: LalamoveEvent, handler: LalamoveEventHandler, retries: number, answered?: Promise<void>): void {
    // Runs outside the async context of the webhook's request and of other handlers.
    const handled = detached(() => this.#run(event, handler, retries, answered));
    const run = handled.finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #run(
    event: LalamoveEvent,
    handler: LalamoveEventHandler,
    retries: number,
    answered?: Promise<void>,
  ): Promise<void> {
    try {
      await answered;
      await this.#handled(event, handler);
    } catch {
      if (this.#retry(event, handler, retries)) return;
    }
    const left = (this.#held.get(event) ?? 1) - 1;
    if (left > 0) this.#held.set(event, left);
    else this.#held.delete(event);
  }

  async #handled(event: LalamoveEvent, handler: LalamoveEventHandler): Promise<void> {
    const { handlerTimeoutMs: timeoutMs } = this.#options;
    try {
      await withTimeout(timeoutMs, handler.name, handler.handle(event), { keepsAlive: false });
      this.#timedOut.delete(handler.name);
    } catch (error) {
      if (error instanceof TimeoutError) this.#warnTimeout(handler.name, timeoutMs);
      throw error;
    }
  }

  /** Warns once, until the handler succeeds again. */
  #warnTimeout(name: string, timeoutMs: number): void {
    if (this.#timedOut.has(name)) return;
    this.#timedOut.add(name);
    const message = 'A handler timed out and will be retried: set a timeout on the calls that it makes';
    say(this.#logger, 'warn', logLine(message, { handler: name, timeout_seconds: timeoutMs / 1000 }));
  }

  /** @returns `false` if this was the last attempt */
  #retry(event: LalamoveEvent, handler: LalamoveEventHandler, retries: number): boolean {
    if (this.#isStopped) return true;
    const delay = this.#options.retryDelaysMs[retries];
    if (delay === undefined) {
      const { eventType, fingerprint } = event;
      const fields = { event: eventType, id: event.eventId, fingerprint, handler: handler.name, tries: retries + 1 };
      say(this.#logger, 'error', logLine('An event is set aside: its handler keeps failing', fields));
      return false;
    }
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      this.#try(event, handler, retries + 1);
    }, delay);
    timer.unref();
    this.#retries.add(timer);
    return true;
  }
}
