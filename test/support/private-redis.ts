import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';

/** A Redis server of a test's own. It may be flushed, paused and killed. */
export class PrivateRedis {
  readonly #client: Redis;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    this.#client = new Redis({ port, host: '127.0.0.1', lazyConnect: true });
    this.#client.on('error', () => undefined);
  }

  static async start(): Promise<PrivateRedis> {
    const port = await freePort();
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    const server = new PrivateRedis(child, port);
    for (let tries = 0; ; tries += 1) {
      const answer = await server.#client.ping().catch(() => undefined);
      if (answer === 'PONG') return server;
      if (tries > 100) throw new Error('Redis does not start: apt-get install redis-server');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Removes all data. */
  async flush(): Promise<void> {
    await this.#client.flushall();
  }

  /** Answers no command for some ms. */
  async pause(ms: number): Promise<void> {
    await this.#client.client('PAUSE', ms);
  }

  async stop(): Promise<void> {
    this.#client.disconnect();
    this.child.kill('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}
