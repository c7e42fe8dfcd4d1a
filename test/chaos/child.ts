import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { HostCommand, HostPlan } from './messages.js';

/** Nothing takes a host so long, in ms of real time: longer is a hang. */
const TIMEOUT_MS = 15_000;

/** A host that has died before it answered. */
export class HostDied extends Error {
  override readonly name = 'HostDied';
}

/** A host process, seen from outside. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (done: unknown) => void; reject: (error: Error) => void }>();
  readonly #dead: Promise<void>;
  #last = 0;
  #isDead = false;
  /** What it has printed. */
  output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += String(chunk);
      });
    }
    this.#dead = new Promise((resolve) => {
      child.once('exit', () => {
        this.#isDead = true;
        for (const { reject } of this.#waiting.values()) reject(new HostDied('The host has died.'));
        this.#waiting.clear();
        resolve();
      });
    });
    child.on('error', () => undefined);
    child.on('message', (message: { id?: number; done?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(message.id ?? 0);
      if (!waiting) return;
      this.#waiting.delete(message.id ?? 0);
      if (message.error === undefined) waiting.resolve(message.done);
      else waiting.reject(new Error(message.error));
    });
  }

  /** Starts a host and waits until it listens; one that is killed earlier is returned dead. */
  static async start(folder: string, plan: HostPlan): Promise<HostProcess> {
    const child = fork(join(folder, 'test/chaos/host.js'), {
      env: { ...process.env, NODE_OPTIONS: '', CHAOS_PLAN: JSON.stringify(plan) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
    });
    const host = new HostProcess(child);
    if (plan.kill.at === 'start') setTimeout(() => child.kill('SIGKILL'), plan.kill.ms);
    const first = (await Promise.race([once(child, 'message'), host.#dead])) as [{ failed?: string }] | undefined;
    if (first?.[0].failed !== undefined) throw new Error(`A host did not start: ${first[0].failed}`);
    return host;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** @throws HostDied where it dies first, Error where it answers with one, or not at all */
  async send(command: HostCommand): Promise<unknown> {
    if (this.#isDead) throw new HostDied('The host is dead.');
    const id = (this.#last += 1);
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      timer = setTimeout(() => {
        reject(new Error(`A host hangs: ${command.do}`));
      }, TIMEOUT_MS);
      // One that is dying takes nothing; its exit tells so.
      this.#child.send({ id, command }, () => undefined);
    });
    try {
      return await answered;
    } finally {
      clearTimeout(timer);
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#dead;
  }
}
