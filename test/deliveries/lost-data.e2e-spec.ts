import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import Database from 'libsql';
import { DeliveriesStoreException, openDatabase, type EmbeddedDatabaseOptions } from 'nestjs-lalamove/deliveries';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { newProgress, type DeliveryProgress } from '../../src/deliveries/domain/delivery-progress.js';
import { migrateFile } from '../../src/deliveries/migrate-file.js';
import { rowOf } from '../../src/deliveries/storage/sql/delivery-rows.js';
import type { OpenerPlan } from '../chaos/opener.js';
import { compile } from '../chaos/compile.mjs';
import { recordNamed } from './delivery-rows.js';
import { failureOf } from '../support/lalamove.js';
import { toVersionBefore } from './version-before.js';
import { SeededRandom } from '../support/seeded-random.js';

// Child processes are slow on a busy machine.
jest.setTimeout(20_000);

describe('a file of deliveries that is opened again', () => {
  let folder: string;
  let file: string;
  let compiled: string;
  let running: ChildProcess[];
  /** The logged warnings. */
  let warned: unknown[];

  beforeEach(async () => {
    compiled = await compile();
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
    file = join(folder, 'deliveries.db');
    running = [];
    warned = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line) => {
      warned.push(line);
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  /** Starts a process that can open the file. */
  async function opener(): Promise<ChildProcess> {
    const child = fork(join(compiled, 'test/chaos/opener.js'), {
      env: { ...process.env, NODE_OPTIONS: '' },
      execArgv: [],
    });
    running.push(child);
    await once(child, 'message');
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    const dead = once(child, 'exit');
    child.kill('SIGKILL');
    await dead;
  }

  /** A process opens the file, commits this number of rows, and is killed. */
  async function killedAfter(rows: number): Promise<void> {
    const child = await opener();
    const plan: OpenerPlan = { database: { file }, rows };
    child.send(plan);
    expect(await once(child, 'message')).toContainEqual({ opened: true });
    await kill(child);
  }

  async function attempts(options: EmbeddedDatabaseOptions = {}): Promise<number> {
    const db = await openDatabase({ file, ...options });
    const rows = await db.selectFrom('delivery_attempts').select('id').execute();
    await db.destroy();
    return rows.length;
  }

  /** Checks that the file is refused each time until it is accepted once. */
  async function refusedUntilAccepted(problem: string): Promise<void> {
    for (let times = 0; times < 2; times += 1) {
      const refusal = await failureOf(openDatabase({ file }));
      expect(refusal).toBeInstanceOf(DeliveriesStoreException);
      expect(refusal.message).toContain(`The deliveries' file ${file} is not what it was. `);
      expect(refusal.message).toContain(problem);
      expect(refusal.message).toContain('gets a second courier');
      expect(refusal.message).toContain('restore the newest backup');
      expect(refusal.message).toContain('acceptRestored: true');
      expect(warned).toEqual([]);
    }
    await attempts({ acceptRestored: true });
    expect(warned).toEqual([expect.stringContaining(problem)]);
    await attempts();
  }

  it('has everything that was committed before a kill', async () => {
    await killedAfter(5);
    expect(existsSync(`${file}-wal`)).toBe(true);
    expect(await attempts()).toBe(5);
    await killedAfter(5);
    await killedAfter(5);
    expect(await attempts()).toBe(15);
  });

  it.each([
    [
      'deleted',
      (wal: string) => {
        rmSync(wal);
      },
    ],
    [
      'emptied',
      (wal: string) => {
        truncateSync(wal, 0);
      },
    ],
  ])('is refused if its WAL was %s after a kill', async (_, lose) => {
    await killedAfter(5);
    lose(`${file}-wal`);
    await refusedUntilAccepted('-wal is missing or empty');
  });

  it('has no delivery that orders again by itself, after it was accepted', async () => {
    const db = await openDatabase({ file });
    await db
      .insertInto('deliveries')
      .values(rowOf(recordNamed('A-1', 1_000_000)))
      .execute();
    await db.destroy();
    await killedAfter(5);
    rmSync(`${file}-wal`);
    for (let times = 0; times < 2; times += 1) {
      const opened = await openDatabase({ file, acceptRestored: true });
      const { progress, due_at: dueAt } = await opened
        .selectFrom('deliveries')
        .selectAll()
        .where('reference', '=', 'A-1')
        .executeTakeFirstOrThrow();
      const { restored } = JSON.parse(progress) as DeliveryProgress;
      expect(restored).toEqual({ at: dueAt, attemptId: expect.stringContaining('.restored-') });
      const attempts = opened.selectFrom('delivery_attempts').select(['outcome', 'order_id']).where('number', '=', 0);
      expect(await attempts.execute()).toEqual([{ outcome: 'unknown', order_id: null }]);
      await opened.destroy();
    }
  });

  it('is refused if its WAL was cut short after a kill', async () => {
    await killedAfter(5);
    truncateSync(`${file}-wal`, statSync(`${file}-wal`).size - 4096);
    await refusedUntilAccepted('-wal is cut short');
  });

  it('is refused if its WAL was lost together with the wal-index', async () => {
    expect(await attempts()).toBe(0);
    await killedAfter(5);
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix);
    await refusedUntilAccepted('transactions are missing');
  });

  it('is refused if another WAL is in its place', async () => {
    await killedAfter(5);
    copyFileSync(`${file}-wal`, join(folder, 'older-wal'));
    await attempts();
    await killedAfter(1);
    copyFileSync(join(folder, 'older-wal'), `${file}-wal`);
    await refusedUntilAccepted('-wal is another one');
  });

  it('is refused if it is missing', async () => {
    await killedAfter(5);
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix);
    await refusedUntilAccepted('It is missing or empty');
  });

  it.each([
    [
      'missing',
      (target: string) => {
        rmSync(target);
      },
    ],
    [
      'empty',
      (target: string) => {
        truncateSync(target, 0);
      },
    ],
  ])('is refused if it is behind symbolic links and %s', async (_, lose) => {
    const [volume, links] = [join(folder, 'volume'), join(folder, 'links')];
    mkdirSync(volume);
    mkdirSync(links);
    const target = join(volume, 'deliveries.db');
    symlinkSync('second.db', join(links, 'first.db'));
    symlinkSync('../volume/deliveries.db', join(links, 'second.db'));
    file = join(links, 'first.db');
    await attempts();
    expect(readdirSync(links)).toEqual(['first.db', 'second.db']);
    await killedAfter(5);
    for (const suffix of ['-wal', '-shm']) rmSync(target + suffix);
    lose(target);
    await refusedUntilAccepted(`It is missing or empty, and ${target}.lock knows of`);
    expect(readdirSync(links)).toEqual(['first.db', 'second.db']);
  });

  it.each([
    ['file', 'deliveries.db', ''],
    ['folder', 'data', 'deliveries.db'],
  ])('is not created if its %s is a link to a volume that is not mounted', async (_, link, rest) => {
    symlinkSync(join(folder, 'volume', link), join(folder, link));
    file = join(folder, link, rest);
    const refusal = await failureOf(openDatabase({ file }));
    expect(refusal).toBeInstanceOf(DeliveriesStoreException);
    expect(readdirSync(folder)).toEqual([link]);
    if (rest === '') expect(refusal.message).toContain('check whether its volume is mounted');
  });

  it('is refused if its symbolic links form a loop, or if its name is not valid', async () => {
    symlinkSync('b.db', join(folder, 'a.db'));
    symlinkSync('a.db', join(folder, 'b.db'));
    for (const name of ['a.db', 'a\0b.db', 'x'.repeat(300)]) {
      for (const create of ['never', 'if-missing'] as const) {
        const refusal = await failureOf(openDatabase({ file: join(folder, name), create }));
        expect(refusal).toBeInstanceOf(DeliveriesStoreException);
      }
    }
  });

  it('is refused by each of its names if it has two', async () => {
    await attempts();
    const other = join(folder, 'other.db');
    linkSync(file, other);
    for (const name of [file, other]) {
      const refusal = await failureOf(openDatabase({ file: name }));
      expect(refusal).toBeInstanceOf(DeliveriesStoreException);
      expect(refusal.message).toContain('has 2 names (hard links)');
      expect(refusal.message).toContain('copy the file instead of linking it');
    }
    expect(existsSync(`${other}.lock`)).toBe(false);
    rmSync(other);
    expect(await attempts()).toBe(0);
  });

  it('is refused by its second name while it is open', async () => {
    const db = await openDatabase({ file });
    linkSync(file, join(folder, 'other.db'));
    expect((await failureOf(openDatabase({ file: join(folder, 'other.db') }))).message).toContain('hard links');
    await db.destroy();
  });

  it.each(['with its WAL merged', 'with its WAL'])('is lost if an older copy is written over it, %s', async (how) => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const db = await openDatabase({ file });
    const insert = (name: string): Promise<unknown> => sql`insert into own values (${name})`.execute(db);
    await sql`create table own (name)`.execute(db);
    await sql`vacuum into ${join(folder, 'backup.db')}`.execute(db);
    for (let rows = 0; rows < 5; rows += 1) await insert('a');
    if (how === 'with its WAL merged') await sql`pragma wal_checkpoint(truncate)`.execute(db);
    copyFileSync(join(folder, 'backup.db'), file);
    const refusal = await failureOf(insert('b'));
    expect(refusal).toBeInstanceOf(DeliveriesStoreException);
    expect(refusal.message).toContain('was lost: ');
    expect(await failureOf(insert('b'))).toMatchObject({ retryable: false });
    await db.destroy();
  });

  it('is not reported as lost after another program checkpoints, reads and writes its own tables', async () => {
    const db = await openDatabase({ file });
    await sql`create table own (name)`.execute(db);
    const insert = (): Promise<unknown> => sql`insert into own values (${'x'.repeat(50_000)})`.execute(db);
    const other = new Database(file);
    for (let round = 0; round < 5; round += 1) {
      for (let rows = 0; rows < 100; rows += 1) await insert();
      other.exec(`insert into own values ('y'); create table t${round} (x)`);
      if (round === 2) await sql`vacuum`.execute(db);
      await insert();
      other.exec('pragma wal_checkpoint(truncate)');
    }
    other.close();
    await insert();
    await db.destroy();
    expect(await attempts()).toBe(0);
  });

  it('is refused if a backup of an earlier state is in its place, even one of the same run', async () => {
    const db = await openDatabase({ file });
    await sql`vacuum into ${join(folder, 'backup.db')}`.execute(db);
    await sql`create table own (x)`.execute(db);
    await db.destroy();
    copyFileSync(join(folder, 'backup.db'), file);
    await refusedUntilAccepted('transactions are missing. It is a backup');
  });

  it('is refused if another database is in its place', async () => {
    await attempts();
    await (await openDatabase({ file: join(folder, 'other.db') })).destroy();
    copyFileSync(join(folder, 'other.db'), file);
    await refusedUntilAccepted('It is another database');
  });

  it('is refused if a file of the previous version is in its place', async () => {
    await attempts();
    toVersionBefore(file);
    await refusedUntilAccepted('or one from before an update');
  });

  it('is refused if it is damaged', async () => {
    await killedAfter(5);
    await attempts();
    writeFileSync(file, 'x'.repeat(8192), { flag: 'r+' });
    for (const acceptRestored of [false, true]) {
      const { message } = await failureOf(openDatabase({ file, acceptRestored }));
      expect(message).toContain('cannot be opened: file is not a database');
      expect(message).toContain('restore the newest backup');
      expect(message).toContain('may be booked twice');
    }
  });

  it('can be accepted by the command', async () => {
    await killedAfter(5);
    rmSync(`${file}-wal`);
    expect(await migrateFile([file])).toMatchObject({ code: 1, message: expect.stringContaining('-wal is missing') });
    expect(await migrateFile([file, '--accept-restored'])).toMatchObject({ code: 0 });
    expect(await migrateFile([file])).toMatchObject({ code: 0 });
  });

  it('needs no lock file if it comes from the previous version or was moved', async () => {
    await attempts();
    toVersionBefore(file);
    rmSync(`${file}.lock`);
    expect(await attempts()).toBe(0);
    await killedAfter(3);
    rmSync(`${file}.lock`);
    expect(await attempts()).toBe(3);
    expect(warned).toEqual([]);
  });

  it('is accepted after another program has read it and removed the WAL', async () => {
    await killedAfter(5);
    const other = new Database(file);
    other.exec('select * from delivery_attempts');
    other.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
    expect(await attempts()).toBe(5);
  });

  it('is not created if that is forbidden', async () => {
    const refusal = await failureOf(openDatabase({ file, create: 'never' }));
    expect(refusal).toBeInstanceOf(DeliveriesStoreException);
    expect(refusal.message).toContain(`The deliveries' file ${file} does not exist`);
    expect(existsSync(file) || existsSync(`${file}.lock`)).toBe(false);
    expect(await attempts()).toBe(0);
    expect(await attempts({ create: 'never' })).toBe(0);
  });

  it('opens after a kill at any moment of its first or a later start', async () => {
    const random = new SeededRandom(13, 6);
    const ends: unknown[] = [];
    for (let life = 0; life < 40; life += 1) {
      // Every fifth start has a new file. The others use the file that the kill has left.
      if (life % 5 === 0) file = join(folder, `${life}.db`);
      const child = await opener();
      const plan: OpenerPlan = { database: { file }, rows: 5 };
      child.once('message', (message) => ends.push(message));
      child.send(plan);
      await pause(random.between(0, 400) / 10);
      await kill(child);
      if (life % 5 === 4) expect(await attempts()).toBeGreaterThanOrEqual(0);
    }
    expect(ends.filter((end) => JSON.stringify(end) !== '{"opened":true}')).toEqual([]);
    // Some starts finished, and some were killed before.
    expect(ends.length).toBeLessThan(40);
    expect(warned).toEqual([]);
  }, 120_000);

  it('is completed if the previous version was killed while it created its tables', async () => {
    await attempts();
    toVersionBefore(file);
    const made = new Database(file);
    const statements = made
      .prepare("select sql from sqlite_schema where sql is not null and name not like 'sqlite_%' order by rowid")
      .raw()
      .all([])
      .map(String);
    made.close();
    const isMigration = (text: string): boolean => text.includes('delivery_migrations');
    const tables = statements.filter((text) => !isMigration(text));
    expect(tables.length).toBeGreaterThan(15);
    for (let count = 1; count <= tables.length; count += 3) {
      file = join(folder, `half-${count}.db`);
      const half = new Database(file);
      for (const text of [...statements.filter(isMigration), ...tables.slice(0, count)]) half.exec(text);
      half.exec("insert into delivery_migrations_lock values ('migration_lock', 0)");
      half.close();
      expect(await attempts()).toBe(0);
      expect(await attempts({ migrate: false })).toBe(0);
    }
  });

  it('tracks the duplicate orders that the previous version has stored', async () => {
    const db = await openDatabase({ file });
    const row = rowOf(recordNamed('A', 1_000_000, { state: 'assigning', dueAt: undefined }));
    const progress = JSON.stringify({ ...newProgress(1_000_000, undefined), strays: ['77'] });
    await db
      .insertInto('deliveries')
      .values({ ...row, progress })
      .execute();
    await db.destroy();
    toVersionBefore(file);
    rmSync(`${file}.lock`);
    const after = await openDatabase({ file });
    const kept = await after.selectFrom('deliveries').select(['progress', 'due_at']).executeTakeFirstOrThrow();
    await after.destroy();
    expect(JSON.parse(kept.progress)).toMatchObject({ duplicates: [{ order: { orderId: '77' }, failures: 0 }] });
    expect(kept.progress).not.toContain('strays');
    expect(kept.due_at).toBe(1_000_000);
  });

  it('does not change tables of the host that have the same names', async () => {
    const own = new Database(file);
    own.exec('create table deliveries (id text, driver text)');
    own.close();
    expect((await failureOf(openDatabase({ file }))).message).toContain(
      'There is a table deliveries that is not of deliveries',
    );
    const after = new Database(file);
    expect(after.prepare("select name from sqlite_schema where name like 'delivery%s'").all([])).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ name: 'delivery_attempts' })]),
    );
    after.close();
  });

  it.each([
    ['the app', () => openDatabase({ file })],
    ['an app with migrate: false', () => openDatabase({ file, migrate: false })],
    [
      'the command',
      async () => {
        const { code, message } = await migrateFile([file]);
        if (code !== 0) throw new Error(message);
      },
    ],
  ])('is refused if it comes from a newer version, by %s, with both versions', async (_, open) => {
    const db = await openDatabase({ file });
    await sql`insert into delivery_migrations values ('2199-01-01-future', '')`.execute(db);
    await db.destroy();
    const { message } = await failureOf(open());
    expect(message).toContain(
      'were made by a newer version of nestjs-lalamove: install that version again, or restore',
    );
    expect(message).toMatch(/Newest migration found in it: 2199-01-01-future; newest known here: 2026-\d\d-\d\d-\w+\./);
  });

  it('is refused if it comes from an older version and migrate is false, with both versions', async () => {
    await attempts();
    toVersionBefore(file);
    rmSync(`${file}.lock`);
    const { message } = await failureOf(openDatabase({ file, migrate: false }));
    expect(message).toContain('run npx lalamove-deliveries-migrate');
    expect(message).toMatch(/found in it: 2026-11-22-first; newest known here: 2026-\d\d-\d\d-(?!first)\w+\./);
  });
});
