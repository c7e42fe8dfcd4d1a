import { expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveriesStoreException, openDatabase } from 'nestjs-lalamove/deliveries';

it('the file of deliveries is complete and free for another process after its database was closed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
  const file = join(folder, 'deliveries.db');
  try {
    for (let times = 0; times < 3; times += 1) {
      const db = await openDatabase({ file });
      expect(await db.selectFrom('deliveries').selectAll().execute()).toEqual([]);
      await expect(openDatabase({ file })).rejects.toBeInstanceOf(DeliveriesStoreException);
      await db.destroy();
      expect(readdirSync(folder)).toEqual(['deliveries.db', 'deliveries.db.lock']);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
