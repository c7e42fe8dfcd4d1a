import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BookDeliveryDto } from '../../../src/deliveries/dto/book-delivery.dto.js';
import { compile } from '../../chaos/compile.mjs';

/** The settings of a host process. */
export interface SharedHostPlan {
  readonly account: { readonly apiKey: string; readonly apiSecret: string; readonly baseUrl: string };
  /** The connection string. */
  readonly url: string;
  readonly schema: string;
}

/** A command for a host process. */
export type SharedHostCommand =
  | { readonly do: 'book'; readonly bookings: readonly BookDeliveryDto[] }
  | { readonly do: 'watch' | 'cancel' | 'state'; readonly reference: string }
  | { readonly do: 'report' };

/** An event that a handler or a watcher of the host got. */
export interface SeenEvent {
  readonly id: number;
  readonly reference?: string;
  readonly type?: string;
  /** When a handler got it, in Unix ms. */
  readonly from?: number;
}

/** A host of deliveries in PostgreSQL in a process of its own. */
export class SharedHost {
  readonly #waiting = new Map<number, { resolve: (done: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;
  /** Everything that the process has printed. */
  output = '';

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.on('data', (chunk) => (this.output += String(chunk)));
    child.on('message', ({ id = 0, done, error }: { id?: number; done?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(done);
      else waiting?.reject(new Error(error));
    });
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The host has died: ${this.output}`));
    });
  }

  static async start(plan: SharedHostPlan): Promise<SharedHost> {
    const child = fork(join(await compile(), 'test/deliveries/postgres/processes/host.js'), {
      env: { ...process.env, NODE_OPTIONS: '', PLAN: JSON.stringify(plan) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    const host = new SharedHost(child);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`The host did not start: ${host.output}`);
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return host;
  }

  send(command: SharedHostCommand): Promise<unknown> {
    const id = (this.#last += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.child.send({ id, command });
    });
  }

  async report(): Promise<{ handled: SeenEvent[]; watched: SeenEvent[] }> {
    return (await this.send({ do: 'report' })) as { handled: SeenEvent[]; watched: SeenEvent[] };
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
