import { Logger } from '@nestjs/common';
import { detached } from '../../internal/async-context.js';
import { logLine, say } from '../../internal/log-line.js';
import { atMost, TimeoutError, withTimeout } from '../../internal/with-timeout.js';
import type { LalamoveEvent } from '../events/lalamove-event.js';
import { inboxOptionProblems } from './inbox-option-problems.js';
import type { LalamoveEventHandler, LalamoveInbox, LalamoveInboxEntry } from './lalamove-inbox.js';

/** The measures of an {@link InMemoryLalamoveInbox}. */
export interface InMemoryLalamoveInboxOptions {
  /**
   * Of how many events it is remembered that they came.
   *
   * @default 20000
   */
  remembers?: number;
  /**
   * How many events may be with their handlers, or wait for a retry, at a time. Beyond that webhooks are answered with 503.
   *
   * @default 10000
   */
  holds?: number;
  /**
   * How long is waited before each further try of a handler that failed, in ms; after the last one the event is set aside for it, with a line in the log.
   *
   * @default [1000, 10000, 60000, 600000]
   */
  retryDelaysMs?: readonly number[];
  /**
   * How long a handler may take for an event, in ms; what takes longer counts as failed, and is tried again.
   *
   * @default 60000
   */
  handlerTimeoutMs?: number;
  /**
   * How long is waited at shutdown for handlers that are running, in ms.
   *
   * @default 5000
   */
  shutdownMs?: number;
}

/**
 * The default inbox: in this process's memory. **A crash loses what handlers have not finished**, and a restart forgets what has come: a repetition is then
 * taken for new. `DeliveriesModule` brings one that survives.
 */
export class InMemoryLalamoveInbox implements LalamoveInbox {
  readonly #options: Required<InMemoryLalamoveInboxOptions>;
  readonly #logger = new Logger('LalamoveInbox');
  /** In the order of their arrival. */
  readonly #known = new Set<string>();
  /** Events with handlers that have not finished, by how many. */
  readonly #held = new Map<LalamoveEvent, number>();
  readonly #running = new Set<Promise<void>>();
  /** Handlers that gave no answer, by their names. */
  readonly #inOutage = new Set<string>();
  readonly #retries = new Set<NodeJS.Timeout>();
  /** What came before the handlers were known. */
  readonly #early: LalamoveEvent[] = [];
  #handlersOf: ((event: LalamoveEvent) => readonly LalamoveEventHandler[]) | undefined;
  #isStopped = false;

  /** @throws RangeError for measures that cannot be, with their limits */
  constructor({
    remembers = 20_000,
    holds = 10_000,
    retryDelaysMs = [1000, 10_000, 60_000, 600_000],
    handlerTimeoutMs = 60_000,
    shutdownMs = 5000,
  }: InMemoryLalamoveInboxOptions = {}) {
    this.#options = { remembers, holds, retryDelaysMs, handlerTimeoutMs, shutdownMs };
    const problems = inboxOptionProblems(this.#options);
    if (problems.length > 0) throw new RangeError(`An InMemoryLalamoveInbox cannot be made so: ${problems.join(' ')}`);
  }

  /** @throws Error while as many events are held as may be, or after the app has ended */
  accept({ keys, event }: LalamoveInboxEntry): 'new' | 'repeated' {
    if (keys.some((key) => this.#known.has(key))) {
      this.#remember(keys);
      return 'repeated';
    }
    if (this.#isStopped) throw new Error('The app is shutting down.');
    if (this.#held.size + this.#early.length >= this.#options.holds) {
      throw new Error(`${this.#options.holds} events are with their handlers already: are they hanging?`);
    }
    this.#remember(keys);
    if (this.#handlersOf) this.#dispatcher(event);
    else this.#early.push(event);
    return 'new';
  }

  start(handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[]): void {
    this.#handlersOf = handlersOf;
    for (const event of this.#early.splice(0)) this.#dispatcher(event);
  }

  /** Waits a while for the handlers that are running; what is lost then is logged. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const retry of this.#retries) clearTimeout(retry);
    this.#retries.clear();
    if (this.#running.size > 0) await atMost(this.#options.shutdownMs, Promise.all(this.#running));
    const lost = this.#held.size + this.#early.length;
    if (lost === 0) return;
    say(this.#logger, 'warn', logLine('Events are lost with this process, unhandled', { events: lost }));
  }

  /** Each event has at most two keys, and one more each time that it is signed anew. */
  #remember(keys: readonly string[]): void {
    for (const key of keys) this.#known.add(key);
    for (const oldest of this.#known) {
      if (this.#known.size <= this.#options.remembers * 2) break;
      this.#known.delete(oldest);
    }
  }

  #dispatcher(event: LalamoveEvent): void {
    const handlers = this.#handlersOf?.(event) ?? [];
    if (handlers.length === 0) return;
    this.#held.set(event, handlers.length);
    // Not now: whoever brought the event is to be answered first.
    const answered = new Promise<void>((resolve) => setImmediate(resolve));
    for (const handler of handlers) this.#try(event, handler, 0, answered);
  }

  #try(event: LalamoveEvent, handler: LalamoveEventHandler, retries: number, answered?: Promise<void>): void {
    // Not in the context of the webhook's request, nor in that of another handler.
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
      this.#inOutage.delete(handler.name);
    } catch (error) {
      if (error instanceof TimeoutError) this.#warnTimeout(handler.name, timeoutMs);
      throw error;
    }
  }

  /** Once, until it has answered again. */
  #warnTimeout(name: string, timeoutMs: number): void {
    if (this.#inOutage.has(name)) return;
    this.#inOutage.add(name);
    const what = 'A handler gives no answer: its events are tried again. Give what it waits for a timeout';
    say(this.#logger, 'warn', logLine(what, { handler: name, timeout_seconds: timeoutMs / 1000 }));
  }

  /** @returns `false` where it was the last try */
  #retry(event: LalamoveEvent, handler: LalamoveEventHandler, retries: number): boolean {
    if (this.#isStopped) return true;
    const delay = this.#options.retryDelaysMs[retries];
    if (delay === undefined) {
      const { eventType, fingerprint } = event;
      const told = { event: eventType, id: event.eventId, fingerprint, handler: handler.name, tries: retries + 1 };
      say(this.#logger, 'error', logLine('An event is set aside: its handler keeps failing', told));
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
