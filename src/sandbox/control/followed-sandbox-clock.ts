import { randomUUID } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { systemClock, type Clock } from '../../internal/clock.js';
import { isRecord } from '../../internal/is-record.js';
import { FollowingClock, type ServerTime } from '../clock/following-clock.js';

/** A clock that follows the sandbox's, in another process. */
export interface FollowedSandboxClock extends Clock {
  monotonic(): number;
  /** Resolves once the sandbox has time its time for the first time. */
  readonly synced: Promise<void>;
  /** Whether the sandbox has answered the last time it was asked; while it is away, time goes on as it last did. */
  readonly isFollowing: boolean;
  /** Follows no more. An app need not: nothing of it keeps a process alive. */
  stop(): void;
}

/** Of an answer that takes longer, in ms, the sandbox is taken to be away; it answers after 5 seconds at the latest. */
const TIMEOUT_MS = 15_000;

/** It is asked again so soon, in ms, after it did not answer. */
const RETRY_MS = 250;

/** An answer is a few members. */
const MAX_ANSWER_BYTES = 10_000;

/**
 * The clock of a sandbox that runs in another process, as the `clock` option of `LalamoveModule` and of
 * `DeliveriesModule`: it goes as fast, and follows each advance, before the webhooks that come of it. It never throws:
 * while the sandbox is away, time goes on as it last did.
 *
 * @param url of the sandbox, such as `http://127.0.0.1:4010`
 * @throws TypeError for what is no URL
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
      else await unheldPause(RETRY_MS);
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

/** Resolves after so long; it keeps no process alive. */
function unheldPause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** The body of an answer of 200; `undefined` for all else. It never rejects, and keeps no process alive. */
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
