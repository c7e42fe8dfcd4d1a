import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';

const run = promisify(execFile);

/** The folder of Debian's versions of PostgreSQL. */
const VERSIONS = '/usr/lib/postgresql';

/** A PostgreSQL server of a test's own. It may be restarted, and its data are removed at its end. */
export class PrivatePostgres {
  private constructor(
    private readonly binaries: string,
    /** The folder of its data. */
    readonly folder: string,
    readonly port: number,
  ) {}

  /** Whether the programs of the server are installed. */
  static get isInstalled(): boolean {
    return binariesFolder() !== undefined;
  }

  /** Gives a folder to the user of the server. */
  static give(folder: string): void {
    const user = postgresUser();
    if (user) chownSync(folder, user.uid, user.gid);
  }

  /**
   * @param settings such as `max_connections=10`
   * @param log a folder of its own for the write-ahead log, whose files have 1 MB then
   */
  static async start(settings: readonly string[] = [], log?: string): Promise<PrivatePostgres> {
    const binaries = binariesFolder();
    if (binaries === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
    const folder = mkdtempSync(join(tmpdir(), 'private-postgres-'));
    PrivatePostgres.give(folder);
    const server = new PrivatePostgres(binaries, folder, await freePort());
    const logFolder = log === undefined ? [] : ['-X', log, '--wal-segsize=1'];
    await server.#as('initdb', '-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', ...logFolder);
    const options = ['-p', `${server.port}`, '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
    const more = settings.flatMap((setting) => ['-c', setting]);
    await server.#as(
      'pg_ctl',
      '-D',
      folder,
      '-w',
      '-l',
      join(folder, 'log'),
      '-o',
      [...options, ...more].join(' '),
      'start',
    );
    return server;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Restarts the server. `immediate` is like a crash: it aborts all processes, and recovers from its log. */
  async restart(mode: 'fast' | 'immediate' = 'immediate'): Promise<void> {
    await this.#as('pg_ctl', '-D', this.folder, '-w', '-m', mode, '-l', join(this.folder, 'log'), 'restart');
  }

  /** Copies the server, as a replica that is not running. @returns the folder of the copy */
  async copy(): Promise<string> {
    const folder = `${this.folder}-copy`;
    await this.#as('pg_basebackup', '--pgdata', folder, '--dbname', this.url, '--write-recovery-conf', '--no-sync');
    // The socket is in the folder of the data.
    rmSync(join(folder, `.s.PGSQL.${this.port}.lock`));
    return folder;
  }

  /** Crashes, and promotes a copy on the same port. What was committed after the copy is lost. */
  async failOver(copy: string): Promise<void> {
    await this.#as('pg_ctl', '-D', this.folder, '-w', '-m', 'immediate', 'stop');
    rmSync(this.folder, { recursive: true });
    renameSync(copy, this.folder);
    const options = ['-p', `${this.port}`, '-k', this.folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
    const log = join(this.folder, 'log');
    await this.#as('pg_ctl', '-D', this.folder, '-w', '-l', log, '-o', options.join(' '), 'start');
    await this.#as('pg_ctl', '-D', this.folder, '-w', 'promote');
  }

  /** Writes the rows of a schema to a file. */
  async dump(schema: string, file: string, what: 'all' | 'rows' = 'rows'): Promise<void> {
    const rowsOnly = what === 'rows' ? ['--data-only'] : [];
    await this.#client('pg_dump', '--dbname', this.url, '--schema', schema, '--file', file, ...rowsOnly);
  }

  /** Runs the SQL of a file. */
  async run(file: string, url = this.url): Promise<void> {
    await this.#client('psql', '--quiet', '--no-psqlrc', '--set', 'ON_ERROR_STOP=1', '--dbname', url, '--file', file);
  }

  async #client(program: string, ...args: readonly string[]): Promise<void> {
    await run(join(this.binaries, program), args);
  }

  async stop(): Promise<void> {
    await this.#as('pg_ctl', '-D', this.folder, '-w', '-m', 'immediate', 'stop').catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** PostgreSQL refuses to run as root. */
  async #as(program: string, ...args: readonly string[]): Promise<void> {
    const path = join(this.binaries, program);
    const [file, ...rest] = postgresUser() ? ['runuser', '-u', 'postgres', '--', path, ...args] : [path, ...args];
    await run(file, rest, { cwd: tmpdir() });
  }
}

function binariesFolder(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined;
  const folders = readdirSync(VERSIONS).map((version) => join(VERSIONS, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'pg_ctl')));
}

/** The user to which the server belongs, if this process is root. */
function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}
