import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../examples/storefront/free-port.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** An example app in a process of its own, for libraries that Jest cannot load. */
export class ExampleProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly url: string,
    private readonly printed: string[],
  ) {}

  /**
   * @param entry the example's main file, which listens on `PORT`
   * @param env its further variables
   */
  static async start(entry: string, env: Readonly<Record<string, string>>): Promise<ExampleProcess> {
    // Below node_modules, so that the bundle finds the packages that it imports.
    const folder = mkdtempSync(join(ROOT, 'node_modules/.cache/example-'));
    const main = join(folder, 'main.mjs');
    const port = await freePort();
    const clean = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' };
    execFileSync(process.execPath, [join(ROOT, 'test/docs/bundle-example.mjs'), join(ROOT, entry), main], {
      env: clean,
    });
    const child = spawn(process.execPath, [main], { env: { ...clean, ...env, PORT: String(port) } });
    const printed: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => printed.push(String(chunk)));
    const started = new ExampleProcess(child, folder, `http://127.0.0.1:${port}`, printed);
    const isUp = (): Promise<boolean> =>
      fetch(started.url).then(
        () => true,
        () => child.exitCode !== null,
      );
    while (!(await isUp())) await setTimeout(20);
    if (child.exitCode !== null) throw new Error(`The example did not start: ${printed.join('')}`);
    return started;
  }

  /** The lines that it has printed. */
  get lines(): string[] {
    return this.printed.join('').split('\n');
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
