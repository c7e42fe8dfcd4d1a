import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import { needsRead } from '../../src/deliveries/domain/transitions.js';
import type { OpenStorage } from '../../src/deliveries/storage/open-storage.js';
import { describePostgres, POSTGRES_URL } from '../support/servers.js';
import { deliveriesOn } from './deliveries-on.js';
import { recordNamed } from './delivery-rows.js';
import { dropSchema, newSchema } from './tested-storage.js';

const AT_ONCE = 12;

// Each test fails if the fence that its comment names is removed: see `npm run test:sabotage`.
describePostgres('a delivery in PostgreSQL', () => {
  const now = 1_000_000;
  const schema = newSchema();
  let opened: OpenStorage;

  beforeEach(async () => {
    const storage = postgresStorage({ connectionString: POSTGRES_URL, schema, leaseClock: () => now });
    const times = { leaseMs: 120_000, sweepMs: 30_000, handlerTimeoutMs: 60_000 };
    opened = await storage.open({ logger: new Logger(), now: () => now, ...times });
    await deliveriesOn(opened, () => now).transact((trx) => trx.insert(recordNamed('A', now), []));
  });

  afterEach(async () => {
    await opened.storage.close();
    await dropSchema(schema);
  });

  /** The row lock: without it, each transaction reads a free lease before another one takes it. */
  it('is claimed by one of two workers at once', async () => {
    let hasRead = (): void => undefined;
    const first = new Promise<void>((resolve) => (hasRead = resolve));
    const claim = (token: string): Promise<boolean> =>
      opened.storage.transact(async (trx) => {
        const free = await trx.lockFree('id of A');
        hasRead();
        // Meanwhile the other worker reads the row, if no lock holds it back.
        await pause(300);
        if (free) await trx.save(free, free, { token, ms: 1000 });
        return free !== undefined;
      });
    const claims = [claim('first'), first.then(() => claim('second'))];
    expect(await Promise.all(claims)).toEqual([true, false]);
  });

  it('loses no change of many at once', async () => {
    const deliveries = deliveriesOn(opened, () => now);
    const changes = Array.from({ length: AT_ONCE }, () => deliveries.change('id of A', needsRead));
    await Promise.all(changes);
    expect((await opened.storage.find('', 'A'))?.version).toBe(1 + AT_ONCE);
  });

  /** The version in the condition of the update. */
  it('cannot be overwritten by a transaction that has read it before another change', async () => {
    const stale = await opened.storage.find('', 'A');
    if (!stale) throw new Error('The delivery is missing.');
    await deliveriesOn(opened, () => now).change('id of A', needsRead);
    const overwritten = { ...stale, version: stale.version + 1, state: 'failed' as const };
    await expect(opened.storage.transact((trx) => trx.save(stale, overwritten))).rejects.toThrow();
    expect(await opened.storage.find('', 'A')).toMatchObject({ state: 'requested', progress: { needsRead: true } });
  });
});
