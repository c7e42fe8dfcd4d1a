import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rowOf } from '../../src/deliveries/storage/sql/delivery-rows.js';
import { openDeliveriesDatabase, type DeliveriesDatabase } from '../../src/deliveries/storage/sqlite/open-database.js';
import { recordNamed } from './delivery-rows.js';
import { failureOf } from '../support/lalamove.js';

describe('a backup in a process whose file was replaced', () => {
  let folder: string;
  let file: string;
  let database: DeliveriesDatabase;
  const quiet = { log: () => undefined, warn: () => undefined, error: () => undefined };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
    file = join(folder, 'deliveries.db');
    database = await openDeliveriesDatabase({ file }, quiet);
  });

  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  it('is refused, and does not change the file that was put there', async () => {
    const older = join(folder, 'older.db');
    await database.backup(older);
    for (let index = 0; index < 50; index += 1) {
      await database.db
        .insertInto('deliveries')
        .values(rowOf(recordNamed(`A-${index}`, 1_000_000)))
        .execute();
    }
    copyFileSync(older, join(folder, 'put.db'));
    renameSync(join(folder, 'put.db'), file);
    const target = join(folder, 'newer.db');
    expect((await failureOf(database.backup(target))).message).toContain('was lost: the file or its -wal was replaced');
    expect(existsSync(target)).toBe(false);
    copyFileSync(file, join(folder, 'looked-at.db'));
    const put = new Database(join(folder, 'looked-at.db'));
    expect(put.prepare('pragma integrity_check').get([])).toMatchObject({ integrity_check: 'ok' });
    put.close();
  });
});
