import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.js';

const PROGRAM = '/usr/sbin/pgbouncer';

/** A PgBouncer of a test's own, in transaction mode. */
export class PrivatePgBouncer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    /** The connection string. */
    readonly url: string,
  ) {}

  /** Whether the program is installed. */
  static get isInstalled(): boolean {
    return existsSync(PROGRAM);
  }

  /** @param server the connection string of PostgreSQL */
  static async start(server: string): Promise<PrivatePgBouncer> {
    const { hostname, port, username, password, pathname } = new URL(server);
    const folder = mkdtempSync(join(tmpdir(), 'private-pgbouncer-'));
    const own = await freePort();
    const database = pathname.slice(1);
    const target = `host=${hostname} port=${port || 5432} dbname=${database} user=${username}`;
    const settings = [
      ...['[databases]', `${database} = ${target}${password && ` password=${password}`}`, '[pgbouncer]'],
      ...['listen_addr = 127.0.0.1', `listen_port = ${own}`, 'unix_socket_dir =', 'auth_type = any'],
      ...['pool_mode = transaction', 'default_pool_size = 10'],
    ];
    writeFileSync(join(folder, 'settings.ini'), settings.join('\n'));
    chmodSync(folder, 0o755);
    // It refuses to run as root.
    const [file, ...first] = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', PROGRAM] : [PROGRAM];
    const child = spawn(file, [...first, '-q', join(folder, 'settings.ini')], { stdio: 'ignore' });
    const bouncer = new PrivatePgBouncer(child, folder, `postgres://${username}@127.0.0.1:${own}/${database}`);
    for (let tries = 0; !(await accepts(own)); tries += 1) {
      if (tries > 100) throw new Error('PgBouncer does not start: apt-get install pgbouncer');
      await pause(50);
    }
    return bouncer;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether a server listens. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
