import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { HostCommand, HostPlan } from './messages.js';

/** The longest time for one command, in ms of real time. A host that takes longer hangs. */
const TIMEOUT_MS = 15_000;

/** The host process has died before it answered. */
export class HostDied extends Error {
  override readonly name = 'HostDied';
}

/** A host process, controlled from the test's process. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (done: unknown) => void; reject: (error: Error) => void }>();
  readonly #dead: Promise<void>;
  #last = 0;
  /** `pragma synchronous` of its database; full until the host has said so. */
  synchronous = 2;
  #isDead = false;
  /** Everything that the process has printed. */
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
        for (const { reject } of this.#waiting.values()) reject(new HostDied('The host process has died.'));
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

  /** Starts a host and waits until it listens. If it is killed before that, the returned host is dead. */
  static async start(folder: string, plan: HostPlan): Promise<HostProcess> {
    const child = fork(join(folder, 'test/chaos/host.js'), {
      env: { ...process.env, NODE_OPTIONS: '', CHAOS_PLAN: JSON.stringify(plan) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
    });
    const host = new HostProcess(child);
    if (plan.kill.at === 'start') setTimeout(() => child.kill('SIGKILL'), plan.kill.ms);
    const first = (await Promise.race([once(child, 'message'), host.#dead])) as
      [{ failed?: string; synchronous?: number }] | undefined;
    if (first?.[0].failed !== undefined) throw new Error(`The host process did not start: ${first[0].failed}`);
    host.synchronous = first?.[0].synchronous ?? 2;
    return host;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /**
   * Sends a command and waits for its result.
   *
   * @throws HostDied if the process dies first; Error if the command fails or the process hangs
   */
  async send(command: HostCommand): Promise<unknown> {
    if (this.#isDead) throw new HostDied('The host process is dead.');
    const id = (this.#last += 1);
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      timer = setTimeout(() => {
        reject(new Error(`A host hangs: ${command.do}`));
      }, TIMEOUT_MS);
      // An error of `send` is ignored, because the exit of the process follows.
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
