import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Cluster, Redis } from 'ioredis';
import { freePort } from './free-port.js';

const run = promisify(execFile);

/** The number of masters; a cluster needs three. */
const NODES = 3;

/** A Redis Cluster of a test's own. */
export class PrivateRedisCluster {
  private constructor(
    private readonly folder: string,
    private readonly children: readonly ChildProcess[],
    private readonly ports: readonly number[],
  ) {}

  static async start(): Promise<PrivateRedisCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'private-redis-cluster-'));
    const ports: number[] = [];
    const children: ChildProcess[] = [];
    for (let node = 0; node < NODES; node += 1) {
      const [port, busPort] = [await freePort(), await freePort()];
      ports.push(port);
      children.push(startNode(folder, port, busPort));
    }
    const cluster = new PrivateRedisCluster(folder, children, ports);
    for (const port of ports) await cluster.#answers(port);
    const nodes = ports.map((port) => `127.0.0.1:${port}`);
    await run('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-replicas', '0', '--cluster-yes']);
    for (const port of ports) await cluster.#isReady(port);
    return cluster;
  }

  /** A new client of the cluster. */
  connect(): Cluster {
    const client = new Cluster(this.ports.map((port) => ({ host: '127.0.0.1', port })));
    client.on('error', () => undefined);
    return client;
  }

  async stop(): Promise<void> {
    for (const child of this.children) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #answers(port: number): Promise<void> {
    await this.#until(port, async (client) => (await client.echo('here')) === 'here');
  }

  /** The nodes know each other a short time after the command. */
  async #isReady(port: number): Promise<void> {
    await this.#until(port, async (client) => (await client.cluster('INFO')).includes('cluster_state:ok'));
  }

  async #until(port: number, holds: (client: Redis) => Promise<boolean>): Promise<void> {
    const client = new Redis({ port, host: '127.0.0.1' });
    client.on('error', () => undefined);
    const end = performance.now() + 20_000;
    while (!(await holds(client).catch(() => false))) {
      if (performance.now() > end) throw new Error('The Redis Cluster does not start.');
      await pause(50);
    }
    client.disconnect();
  }
}

function startNode(folder: string, port: number, busPort: number): ChildProcess {
  const ports = ['--port', `${port}`, '--cluster-port', `${busPort}`, '--bind', '127.0.0.1'];
  const files = ['--dir', folder, '--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`];
  return spawn('redis-server', [...ports, ...files, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
}
