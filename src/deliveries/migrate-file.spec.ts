import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deliveriesOn } from '../../test/deliveries/deliveries-on.js';
import { recordNamed } from '../../test/deliveries/delivery-rows.js';
import { migrateFile } from './migrate-file.js';
import { openDatabase, openDeliveriesDatabase, type DeliveriesDatabase } from './storage/sqlite/open-database.js';
import { SqliteStorage } from './storage/sqlite/sqlite-storage.js';

describe('lalamove-deliveries-migrate', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
    file = join(folder, 'data', 'deliveries.db');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('creates the tables for an app with migrate: false, and leaves only the file and its lock file', async () => {
    expect(await migrateFile([file])).toEqual({
      code: 0,
      message: `The tables of deliveries in ${file} are up to date.`,
    });
    expect(readdirSync(join(folder, 'data'))).toEqual(['deliveries.db', 'deliveries.db.lock']);
    const database = await openDeliveriesDatabase({ file, migrate: false });
    await book(database);
    await database.close();
  });

  function book(database: DeliveriesDatabase): Promise<unknown> {
    return deliveriesOn({ storage: new SqliteStorage(database, () => 0) }, () => 0).transact((trx) =>
      trx.insert(recordNamed('A', 0), [{ type: 'requested' }]),
    );
  }

  it('changes nothing if the tables are up to date', async () => {
    await migrateFile([file]);
    const database = await openDeliveriesDatabase({ file, migrate: false });
    await book(database);
    const before = await contents(database.db);
    await database.close();
    expect(await migrateFile([file])).toMatchObject({ code: 0 });
    const again = await openDatabase({ file, migrate: false });
    expect(await contents(again)).toEqual(before);
    await again.destroy();
  });

  /** The schema, the migrations with their times, and all rows. */
  async function contents(db: Awaited<ReturnType<typeof openDatabase>>): Promise<unknown[]> {
    const schema = await sql`select name, sql from sqlite_schema`.execute(db);
    const migrations = await sql`select * from delivery_migrations`.execute(db);
    const deliveries = await db.selectFrom('deliveries').selectAll().execute();
    return [schema.rows, migrations.rows, deliveries, await db.selectFrom('delivery_events').selectAll().execute()];
  }

  it('refuses a file that another process uses, which can go on with it', async () => {
    const db = await openDatabase({ file, migrate: true });
    const { code, message } = await migrateFile([file]);
    expect(code).toBe(1);
    expect(message).toMatch(
      /^The deliveries' file .*deliveries\.db is in use by another process: .* stop the other\.$/,
    );
    await db.deleteFrom('deliveries').execute();
    await db.destroy();
    expect(await migrateFile([file])).toMatchObject({ code: 0 });
  });

  it('refuses a file that is not a database, and does not change it', async () => {
    const notes = join(folder, 'notes.txt');
    writeFileSync(notes, 'Remember the milk. '.repeat(100));
    const { code, message } = await migrateFile([notes]);
    expect(code).toBe(1);
    expect(message).toContain(`The deliveries' file ${notes} cannot be opened: file is not a database. If it is a `);
    expect(readFileSync(notes, 'utf8')).toBe('Remember the milk. '.repeat(100));
  });

  it.each([
    ['empty', []],
    ['an empty name', ['']],
    ['an option', ['--help']],
    ['two files', ['deliveries.db', 'others.db']],
  ])('returns its usage if the arguments are %s, and creates no file', async (_, args) => {
    const paths = args.map((arg) => (arg === '' || arg.startsWith('-') ? arg : join(folder, arg)));
    expect(await migrateFile(paths)).toEqual({
      code: 2,
      message: expect.stringMatching(/^Usage: lalamove-deliveries-migrate FILE \[--accept-restored\]\n/),
    });
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync('--help')).toBe(false);
  });
});
