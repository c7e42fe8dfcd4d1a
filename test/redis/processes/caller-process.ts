import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ProcessPlan, ProcessReport } from './plan.js';

/** A process of `caller.ts`, controlled from the test. */
export class CallerProcess {
  private constructor(private readonly child: ChildProcess) {}

  /**
   * Starts a process and waits until it is ready.
   *
   * @param folder with the compiled sources
   */
  static async start(folder: string, plan: ProcessPlan): Promise<CallerProcess> {
    const child = fork(join(folder, 'test/redis/processes/caller.js'), {
      env: { ...process.env, NODE_OPTIONS: '', CALLER_PLAN: JSON.stringify(plan) },
      execArgv: [],
    });
    const caller = new CallerProcess(child);
    await caller.#message();
    return caller;
  }

  /** Makes all calls at once. */
  async run(): Promise<ProcessReport> {
    this.child.send('go');
    return (await this.#message()) as ProcessReport;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async #message(): Promise<unknown> {
    const ended = once(this.child, 'exit').then(() => {
      throw new Error('The process has ended.');
    });
    ended.catch(() => undefined);
    const received: readonly unknown[] = await Promise.race([once(this.child, 'message'), ended]);
    return received[0];
  }
}
