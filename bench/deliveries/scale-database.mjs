// The PostgreSQL of the benchmark: the one of LALAMOVE_TEST_POSTGRES_URL in a schema of its own, or a private one. It
// stores deliveries, measures the server's CPU, and lets pgbench measure how many commits a second the machine makes.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import pg from 'pg';
import { compile } from '../../test/chaos/compile.mjs';

const run = promisify(execFile);
const BATCH = 50_000;
const MS_A_TICK = 10;
const PROGRESS = { booked: 1, feeSteps: 0, driverChanges: 0, polls: 0, lastUpdateAt: 1, failures: 0 };
const ORDER = {
  statusAt: 0,
  readAt: 0,
  placedAt: 1,
  driverId: '',
  driverSince: 0,
  total: '133',
  priorityFee: '',
  currency: 'HKD',
  shareLink: 'https://share.lalamove.com/?HK100',
};
const REQUEST = { quotation: { stops: ['x'.repeat(300)] }, sender: {}, recipients: [] };

const ENDED = { state: 'completed', progress: { ...PROGRESS, order: { orderId: '1', status: 'COMPLETED', ...ORDER } } };

export class ScaleDatabase {
  schema = `bench_${process.pid}_${Date.now()}`;
  #stop;
  #client;

  /** @param url a server that is running; empty: a private one is started */
  static async start(url) {
    const database = new ScaleDatabase();
    database.url = url;
    if (url === '') {
      const { PrivatePostgres } = await import(`${await compile()}/test/support/private-postgres.js`);
      const server = await PrivatePostgres.start();
      database.url = server.url;
      database.#stop = () => server.stop();
    }
    await database.#prepare();
    return database;
  }

  async #prepare() {
    const { url: connectionString, schema } = this;
    const context = { logger: console, now: Date.now, leaseMs: 60_000, sweepMs: 60_000, handlerTimeoutMs: 60_000 };
    const { storage } = await postgresStorage({ connectionString, schema }).open(context);
    await storage.close();
    this.#client = new pg.Client({ connectionString });
    await this.#client.connect();
    await this.#client.query(`set search_path to ${schema}`);
    await this.#client.query('create table commits (id bigint generated always as identity primary key, payload text)');
  }

  /** The settings on which the figures depend. */
  async settings() {
    const names = ['server_version', 'synchronous_commit', 'fsync', 'shared_buffers', 'max_wal_size'];
    const { rows } = await this.#client.query(
      'select name, current_setting(name) as value from unnest($1::text[]) name',
      [names],
    );
    return rows.map(({ name, value }) => `${name} ${value}`).join(', ');
  }

  /** Stores completed deliveries until there are `count`, each with its attempt, two webhooks and two own events. */
  async storeUpTo(count) {
    const { rows } = await this.#client.query(
      "select count(*)::int as stored from deliveries where reference like 'old-%'",
    );
    for (let from = rows[0].stored; from < count; from += BATCH) {
      const to = Math.min(count, from + BATCH);
      await this.#insert(`generate_series(${from + 1}::bigint, ${to}::bigint) i`, 'old', ENDED);
      await this.#client.query(
        `insert into delivery_events (delivery_id, account, source, type, fingerprint, repeat_key, order_id,
           occurred_at, received_at, payload, applied_at, dispatch)
         select md5('old' || i)::uuid::text, '', case when step < 2 then 'webhook' else 'delivery' end,
           'ORDER_STATUS_CHANGED', case when step < 2 then md5('f' || i || step) || '.ORDER_STATUS_CHANGED' end, null,
           case when step < 2 then 'old-' || i end, i, i, $1, 1, 'none'
         from generate_series(${from + 1}::bigint, ${to}::bigint) i, generate_series(0, 3) step`,
        [JSON.stringify({ data: 'x'.repeat(300), signedAt: 1 })],
      );
    }
    await this.#client.query('vacuum analyze deliveries, delivery_attempts, delivery_events');
    await this.#client.query('checkpoint');
  }

  /** Stores deliveries whose orders `prefix-1`, … wait for a driver. */
  async storeLive(prefix, count) {
    const order = { orderId: '', status: 'ASSIGNING_DRIVER', ...ORDER };
    const live = { state: 'assigning', progress: { ...PROGRESS, order } };
    await this.#insert(`generate_series(1::bigint, ${count}::bigint) i`, prefix, live);
  }

  async #insert(numbers, prefix, { state, progress }) {
    const now = Date.now();
    await this.#client.query(
      `insert into deliveries (id, account, reference, request_hash, request, state, version, order_id, progress,
         created_at, updated_at)
       select md5($3 || i)::uuid::text, '', $3 || '-' || i, 'hash', $1, $4, 9, $3 || '-' || i,
         jsonb_set($2::jsonb, '{order,orderId}', to_jsonb($3 || '-' || i))::text, ${now}, ${now} from ${numbers}`,
      [JSON.stringify(REQUEST), JSON.stringify(progress), prefix, state],
    );
    await this.#client.query(
      `insert into delivery_attempts (id, delivery_id, account, number, quotation_id, order_id, outcome, total,
         currency, reserved_at)
       select md5('attempt' || $1 || i)::uuid::text, md5($1 || i)::uuid::text, '', 1, $1 || '-q-' || i, $1 || '-' || i,
         'placed', '133', 'HKD', ${now} from ${numbers}`,
      [prefix],
    );
  }

  /** The size of the tables with their indexes. */
  async bytes() {
    const { rows } = await this.#client.query(
      `select sum(pg_total_relation_size(oid))::float8 as bytes from pg_class
       where relnamespace = $1::regnamespace and relname in ('deliveries', 'delivery_attempts', 'delivery_events')`,
      [this.schema],
    );
    return rows[0].bytes;
  }

  /** What a delivery has stored at its end: its events, and the kB of all its rows with their index entries. */
  async storedBy(references) {
    const rowsOf = { deliveries: 'id', delivery_attempts: 'delivery_id', delivery_events: 'delivery_id' };
    const sizes = {};
    for (const [name, column] of Object.entries(rowsOf)) {
      const { rows } = await this.#client.query(
        `select count(*)::float8 as count, sum(pg_column_size(each))::float8 as bytes,
           (select pg_indexes_size(oid) / greatest(reltuples, 1) from pg_class where oid = $2::regclass) as entries
         from ${name} each where ${column} in (select id from deliveries where reference like $1)`,
        [references, name],
      );
      sizes[name] = rows[0];
    }
    const bytes = Object.values(sizes).reduce((sum, size) => sum + size.bytes + size.entries * size.count, 0);
    const { count } = sizes.deliveries;
    return { events: sizes.delivery_events.count / count, kb: bytes / count / 1000 };
  }

  /** The bytes that the server has written to its log. */
  async walBytes() {
    const { rows } = await this.#client.query("select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 as bytes");
    return rows[0].bytes;
  }

  /** For the statistics that {@link storedBy} reads. */
  async analyze() {
    await this.#client.query('analyze deliveries, delivery_attempts, delivery_events');
  }

  /** The CPU time of the server and its sessions, in ms; `undefined` if it runs elsewhere. */
  async cpuMs() {
    const { rows } = await this.#client.query('select pg_backend_pid() as pid');
    try {
      const [, parent] = statOf(rows[0].pid);
      const own = statOf(parent);
      const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
      const children = all.flatMap((pid) => {
        const stat = statIfAlive(pid);
        return stat && stat[1] === parent ? [stat] : [];
      });
      // With the children that have ended.
      const ticks = own[11] + own[12] + own[13] + own[14];
      return MS_A_TICK * children.reduce((sum, stat) => sum + stat[11] + stat[12], ticks);
    } catch {
      return undefined;
    }
  }

  /** Commits of one insert of 1 KB a second; `undefined` without pgbench. */
  async commitsASecond(clients, seconds) {
    const folder = mkdtempSync(join(tmpdir(), 'lalamove-bench-'));
    const script = join(folder, 'insert.sql');
    writeFileSync(script, `insert into ${this.schema}.commits (payload) values (repeat('x', 1000));\n`);
    const options = ['-n', '-M', 'prepared', '-f', script, '-c', clients, '-j', 1, '-T', seconds];
    try {
      const { stdout } = await run('pgbench', [...options.map(String), this.url]);
      return Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async stop() {
    await this.#client.query(`drop schema ${this.schema} cascade`);
    await this.#client.end();
    await this.#stop?.();
  }
}

/** The fields of `/proc/PID/stat` after the name: state, parent, …, utime (11), stime, cutime, cstime. */
function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  if (!text.includes('(postgres)')) throw new Error('This is no process of PostgreSQL.');
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}

function statIfAlive(pid) {
  try {
    return statOf(pid);
  } catch {
    return undefined;
  }
}
