import type { LalamoveModuleOptions, LalamoveService } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { Agent } from 'node:http';
import { accountOn } from '../support/account.js';
import { startLalamove } from '../support/lalamove.js';
import { Traffic } from './traffic.js';

/** A call that has ended. */
export interface Ended {
  /** The index of the call. */
  readonly index: number;
  /** After how many ms by the clock. */
  readonly at: number;
  /** The error; `undefined` after a success. */
  readonly error: unknown;
}

/** Calls that were made at once. */
export interface Burst {
  /** The calls that have ended, in the order of their ends. */
  readonly ended: readonly Ended[];
}

/**
 * A sandbox and the module on one clock. The clock advances only by `clock.advance`, and not while a request is in
 * flight.
 */
export class DrivenSandbox {
  readonly traffic = new Traffic();
  readonly #closers: (() => Promise<void>)[] = [];

  private constructor(
    readonly clock: SandboxClock,
    readonly sandbox: LalamoveSandbox,
  ) {}

  static async start(options: LalamoveSandboxOptions = {}): Promise<DrivenSandbox> {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const driven = new DrivenSandbox(clock, await LalamoveSandbox.start({ clock, ...options }));
    clock.settle(() => driven.traffic.quiet());
    return driven;
  }

  /**
   * The options of an account that uses one connection, so that requests are received and answered in the order in
   * which they were sent. The timeout is long, because all calls of a burst wait for that connection.
   */
  account(more: Partial<LalamoveModuleOptions> = {}): LalamoveModuleOptions {
    const http = { httpAgent: new Agent({ keepAlive: true, maxSockets: 1 }) };
    this.#closers.push(() => {
      http.httpAgent.destroy();
      return Promise.resolve();
    });
    const { clock, traffic } = this;
    return accountOn(this.sandbox, { clock, hooks: traffic.hooks, http, timeoutMs: 60_000, ...more });
  }

  /** A client with its own limiter, which is closed with the sandbox. */
  async client(more: Partial<LalamoveModuleOptions> = {}): Promise<LalamoveService> {
    const { lalamove, close } = await startLalamove(this.account(more));
    this.#closers.push(close);
    return lalamove;
  }

  /** Makes this many calls at once, and records how each ends. */
  burst(count: number, call: (index: number) => Promise<unknown>): Burst {
    const start = this.clock.now();
    const ended: Ended[] = [];
    for (let index = 0; index < count; index += 1) {
      const end = (error?: unknown): void => {
        ended.push({ index, at: this.clock.now() - start, error });
      };
      call(index).then(() => {
        end();
      }, end);
    }
    return { ended };
  }

  /** Repeats `work` every `ms`, for the first time at once, until the returned function is called. */
  every(ms: number, work: () => void): () => void {
    let cancel: () => void = () => undefined;
    const again = (): void => {
      cancel = this.clock.setTimeout(again, ms);
      work();
    };
    again();
    return () => {
      cancel();
    };
  }

  /** The statuses of the sandbox's answers, in the order of the requests. */
  get statuses(): (number | undefined)[] {
    return this.sandbox.requests.map(({ answer }) => answer?.status);
  }

  /** The number of requests that the sandbox refused with 429. */
  get refused(): number {
    return this.statuses.filter((status) => status === 429).length;
  }

  /** Forgets the requests so far. */
  forget(): void {
    this.sandbox.requests.length = 0;
    this.traffic.forget();
  }

  async stop(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
    await this.sandbox.stop();
  }
}
