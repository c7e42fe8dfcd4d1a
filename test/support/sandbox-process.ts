import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SandboxControl } from 'nestjs-lalamove/sandbox';
import { compile } from '../chaos/compile.mjs';

/** A sandbox in a process of its own, started with its command. */
export class SandboxProcess {
  /** The warnings that it printed. */
  warnings = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {
    child.stderr?.on('data', (chunk) => (this.warnings += String(chunk)));
  }

  /** @param options options of the command, e.g. `--speed`, `60` */
  static async start(...options: string[]): Promise<SandboxProcess> {
    const command = join(await compile(), 'src/sandbox/command.js');
    const child = spawn(process.execPath, [command, '--port', '0', '--rate-limits', 'off', ...options], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    child.stdout.on('data', (chunk) => (printed += String(chunk)));
    for (;;) {
      const url = /listens on (\S+)\n/.exec(printed)?.[1];
      if (url !== undefined) return new SandboxProcess(child, url);
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
      if (child.exitCode !== null) throw new Error(`The sandbox did not start: ${printed}`);
    }
  }

  get control(): SandboxControl {
    return SandboxControl.connect(this.url);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}
