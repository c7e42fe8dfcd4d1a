import type { LoggerService } from '@nestjs/common';
import { Subject } from 'rxjs';
import { detached } from '../../../internal/async-context.js';
import { isRecord } from '../../../internal/is-record.js';
import { logLine, say, wordsOf } from '../../../internal/log-line.js';
import { parsedJson } from '../../../internal/parsed-json.js';
import type { StorageSignal, StorageSignals } from '../storage-signals.js';
import { listenOn, type Listener } from './listen-on.js';
import type { PostgresPool } from './postgres-pool.js';

/** Signals of this time, in ms, are sent together: each notification takes a lock on the whole server. */
const COLLECT_MS = 25;

/** The maximum number of signals in one notification. Its payload may have up to 8000 bytes. */
const MAX_SIGNALS = 100;

/** The pause before the next try to connect, in ms. */
const RECONNECT_MS = 2000;

/** The dependencies of {@link PostgresSignals}. */
export interface PostgresSignalsParts {
  /** One connection of the pool listens. */
  readonly pool: PostgresPool;
  /** Sends a notification. */
  readonly notify: (channel: string, payload: string) => Promise<void>;
  readonly channel: string;
  /** Identifies this process: its own signals are ignored. */
  readonly process: string;
  readonly logger: LoggerService;
}

/**
 * Signals by LISTEN and NOTIFY. Notifications are sent outside of the transactions, because a commit with a
 * notification waits for all others. A signal can be lost; polls and sweeps find what it was about.
 */
export class PostgresSignals implements StorageSignals {
  readonly received = new Subject<StorageSignal>();
  readonly #parts: PostgresSignalsParts;
  readonly #outgoing = new Map<string, StorageSignal>();
  #sending: NodeJS.Timeout | undefined;
  #reconnecting: NodeJS.Timeout | undefined;
  #listener: Listener | undefined;
  #isStopped = true;
  #isLost = false;

  constructor(parts: PostgresSignalsParts) {
    this.#parts = parts;
  }

  /** Listens. It does not fail: without a connection it tries again. */
  async start(): Promise<void> {
    this.#isStopped = false;
    await this.#listen();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#reconnecting);
    clearTimeout(this.#sending);
    await this.#send();
    this.#listener?.close();
    this.#listener = undefined;
  }

  publish(signal: StorageSignal): void {
    if (this.#isStopped) return;
    this.#outgoing.set(`${signal.kind} ${signal.deliveryId}`, signal);
    this.#sending ??= detached(() =>
      setTimeout(() => {
        this.#sending = undefined;
        void this.#send();
      }, COLLECT_MS).unref(),
    );
  }

  async #send(): Promise<void> {
    const { notify, channel, process } = this.#parts;
    const signals = [...this.#outgoing.values()];
    this.#outgoing.clear();
    try {
      for (let from = 0; from < signals.length; from += MAX_SIGNALS) {
        const some = signals.slice(from, from + MAX_SIGNALS).map(({ kind, deliveryId }) => [kind, deliveryId]);
        await notify(channel, JSON.stringify({ from: process, signals: some }));
      }
    } catch {
      // Other processes find the changes by their polls and sweeps.
    }
  }

  async #listen(): Promise<void> {
    const { pool, channel } = this.#parts;
    try {
      this.#listener = await listenOn(pool, channel, {
        notified: (payload) => {
          this.#notified(payload);
        },
        lost: (error) => {
          this.#lost(error);
        },
      });
      if (this.#isLost) this.#log('log', 'Notifications of other processes are received again', {});
      this.#isLost = false;
      if (this.#isStopped) this.#listener.close();
    } catch (error) {
      this.#lost(error);
    }
  }

  #lost(error: unknown): void {
    this.#listener = undefined;
    if (this.#isStopped) return;
    if (!this.#isLost) {
      const what =
        'Notifications of other processes are not received: polling finds changes, later. Look at the server';
      this.#log('warn', what, { error: wordsOf(error) });
    }
    this.#isLost = true;
    this.#reconnecting = setTimeout(() => void this.#listen(), RECONNECT_MS);
    this.#reconnecting.unref();
  }

  #notified(payload: string): void {
    for (const signal of signalsIn(payload, this.#parts.process)) this.received.next(signal);
  }

  #log(level: 'log' | 'warn', what: string, fields: Readonly<Record<string, string>>): void {
    say(this.#parts.logger, level, logLine(what, fields));
  }
}

/** Reads a notification. One of another program has another form and is ignored. */
function signalsIn(payload: string, self: string): StorageSignal[] {
  const message = parsedJson(payload);
  if (!isRecord(message) || message.from === self || !Array.isArray(message.signals)) return [];
  return message.signals.flatMap(signalOf);
}

function signalOf(signal: unknown): StorageSignal[] {
  if (!Array.isArray(signal)) return [];
  const members: readonly unknown[] = signal;
  const [kind, deliveryId] = members;
  return (kind === 'wake' || kind === 'events') && typeof deliveryId === 'string' ? [{ kind, deliveryId }] : [];
}
