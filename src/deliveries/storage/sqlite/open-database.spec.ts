import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf } from '../../../../test/support/lalamove.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { migrateDeliveries } from './migrate-deliveries.js';
import { openDatabase } from './open-database.js';

const HOLDER = `const Database = require(process.argv[1]);
const database = new Database(process.argv[2]);
database.exec('pragma locking_mode = exclusive');
database.exec('begin exclusive; create table if not exists held (x); commit');
console.log('held');
setInterval(() => undefined, 1000);`;

describe('openDatabase', () => {
  let folder: string;
  let file: string;
  let holder: ChildProcess | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
    file = join(folder, 'some', 'where', 'deliveries.db');
  });

  afterEach(() => {
    holder?.kill('SIGKILL');
    holder = undefined;
    rmSync(folder, { recursive: true });
  });

  it('creates missing folders and tables once', async () => {
    const db = await openDatabase({ file });
    await migrateDeliveries(db);
    await sql`insert into deliveries
      (id, account, reference, request_hash, state, version, progress, created_at, updated_at)
      values ('1', '', 'A', '', 'requested', 1, '{}', 0, 0)`.execute(db);
    await db.destroy();
    const again = await openDatabase({ file });
    expect(await again.selectFrom('deliveries').select('reference').execute()).toEqual([{ reference: 'A' }]);
    const { rows } = await sql`pragma journal_mode`.execute(again);
    expect(rows).toEqual([{ journal_mode: 'wal' }]);
    expect((await sql`pragma synchronous`.execute(again)).rows).toEqual([{ synchronous: 2 }]);
    await again.destroy();
  });

  it('refuses a file that another process has open, and opens it after that process has died', async () => {
    const own = join(folder, 'deliveries.db');
    holder = spawn(process.execPath, ['-e', HOLDER, createRequire(import.meta.url).resolve('libsql'), own], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!holder.stdout) throw new TypeError('There is no output.');
    await once(holder.stdout, 'data');
    const refusal = await failureOf(openDatabase({ file: own }));
    expect(refusal).toBeInstanceOf(DeliveriesStoreException);
    expect(refusal.message).toBe(
      `The deliveries' file ${own} is in use by another process: only one process may use the file. ` +
        `Give each its own, or stop the other.`,
    );
    const dead = once(holder, 'exit');
    holder.kill('SIGKILL');
    await dead;
    await (await openDatabase({ file: own })).destroy();
  });

  it('refuses a file that this process has already opened', async () => {
    const db = await openDatabase({ file });
    expect(await failureOf(openDatabase({ file }))).toMatchObject({ code: 'LALAMOVE_DELIVERIES_STORE' });
    // The refused attempt has not released the lock.
    await sql`select count(*) from deliveries`.execute(db);
    await db.destroy();
  });

  it('refuses a file that is no database, and a path that cannot be opened', async () => {
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'Remember the milk. '.repeat(100));
    expect((await failureOf(openDatabase({ file: text }))).message).toContain(
      `The deliveries' file ${text} cannot be opened: file is not a database. ` +
        `If it is a database of deliveries, it is `,
    );
    expect((await failureOf(openDatabase({ file: folder }))).message).toContain('cannot be opened');
    expect((await failureOf(openDatabase({ file: join(text, 'deliveries.db') }))).message).toContain(
      'cannot be opened',
    );
  });

  it('refuses missing tables if it may not create them, and can open the file later', async () => {
    const refusal = await failureOf(openDatabase({ file, migrate: false }));
    expect(refusal).toBeInstanceOf(DeliveriesStoreException);
    expect(refusal.message).toMatch(/are missing, or not up to date: run npx lalamove-deliveries-migrate /);
    await (await openDatabase({ file })).destroy();
    await (await openDatabase({ file, migrate: false })).destroy();
  });
});
