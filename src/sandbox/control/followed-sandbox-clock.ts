import { randomUUID } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { systemClock, type Clock } from '../../internal/clock.js';
import { isRecord } from '../../internal/is-record.js';
import { FollowingClock, type ServerTime } from '../clock/following-clock.js';
import { realPause } from '../clock/real-pause.js';

/** A clock that follows the clock of a sandbox in another process. */
export interface FollowedSandboxClock extends Clock {
  monotonic(): number;
  /** Resolves when the sandbox has answered with its time for the first time. */
  readonly synced: Promise<void>;
  /** Whether the last request to the sandbox was answered. Without an answer the clock continues at its last speed. */
  readonly isFollowing: boolean;
  /** Stops following. An app need not call it, because the clock does not keep the process alive. */
  stop(): void;
}

/** A request without an answer fails after this time, in ms. The sandbox answers within 5 seconds. */
const TIMEOUT_MS = 15_000;

/** The pause before the next request if one failed, in ms. */
const RETRY_MS = 250;

/** An answer has only a few members. */
const MAX_ANSWER_BYTES = 10_000;

/**
 * The clock of a sandbox in another process, for the `clock` option of `LalamoveModule` and `DeliveriesModule`. It has
 * the speed of the sandbox's clock. It follows each advance before the sandbox sends the webhooks that result from it.
 * It never throws: if the sandbox does not answer, the clock continues at its last speed.
 *
 * @param url the URL of the sandbox, such as `http://127.0.0.1:4010`
 * @throws TypeError if it is not a URL
 *
 * @example
 * const clock = sandboxClock('http://127.0.0.1:4010');
 * LalamoveModule.forRoot({ …, clock });
 * DeliveriesModule.forRoot({ …, clock });
 */
export function sandboxClock(url: string): FollowedSandboxClock {
  return new RemoteClock(new URL(url));
}

class RemoteClock implements FollowedSandboxClock {
  readonly synced: Promise<void>;
  readonly #clock = new FollowingClock(systemClock);
  readonly #stopped = new AbortController();
  readonly #follower = randomUUID();
  readonly #url: URL;
  #isFollowing = false;
  #isSynced: () => void = () => undefined;

  constructor(url: URL) {
    this.#url = url;
    this.synced = new Promise((resolve) => (this.#isSynced = resolve));
    void this.#follow();
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimeout(callback: () => void, delayMs: number): () => void {
    return this.#clock.setTimeout(callback, delayMs);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #follow(): Promise<void> {
    let seen = -1;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const path = `/_sandbox/clock/followers/${this.#follower}/${seen}`;
      const time = readTime(await answerOf(new URL(path, this.#url), signal));
      this.#isFollowing = time !== undefined;
      seen = time?.changes ?? -1;
      if (time) await this.#clock.follow(time).catch(() => undefined);
      else await realPause(RETRY_MS);
      if (time) this.#isSynced();
    }
  }
}

function readTime(text: string | undefined): (ServerTime & { changes: number }) | undefined {
  try {
    const time: unknown = JSON.parse(text ?? '');
    if (!isRecord(time) || typeof time.now !== 'string') return undefined;
    const { speed, changes } = time;
    const now = Date.parse(time.now);
    const isComplete = typeof speed === 'number' && typeof changes === 'number' && !Number.isNaN(now);
    return isComplete ? { now, speed, changes } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The body of an answer with status 200, otherwise `undefined`. It never rejects, and does not keep the process alive.
 */
function answerOf(url: URL, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = send(url, { agent: false, signal });
    outgoing.on('socket', (socket) => {
      socket.unref();
      socket.setTimeout(TIMEOUT_MS, () => {
        outgoing.destroy();
      });
    });
    outgoing.on('error', () => {
      resolve(undefined);
    });
    outgoing.on('close', () => {
      resolve(undefined);
    });
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_ANSWER_BYTES) outgoing.destroy();
      });
      response.on('error', () => {
        resolve(undefined);
      });
      response.on('end', () => {
        resolve(response.statusCode === 200 ? text : undefined);
      });
    });
    outgoing.end();
  });
}
