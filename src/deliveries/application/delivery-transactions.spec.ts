import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { deliveriesOn, deliveryById } from '../../../test/deliveries/deliveries-on.js';
import { openTestedDatabase, type TestedDatabase } from '../../../test/deliveries/tested-storage.js';
import { recordNamed } from '../../../test/deliveries/delivery-rows.js';
import { cancelAsked } from '../domain/cancellation.js';
import { heldUp, quoting } from '../domain/transitions.js';
import { LostLease } from './delivery-transaction.js';
import type { DeliveryTransactions } from './delivery-transactions.js';

describe('DeliveryTransactions', () => {
  let database: TestedDatabase;
  let deliveries: DeliveryTransactions;
  let now: number;

  beforeEach(async () => {
    now = 1_000_000;
    database = await openTestedDatabase(() => now);
    deliveries = deliveriesOn(database, () => now);
  });

  afterEach(() => database.close());

  function insert(...records: ReturnType<typeof recordNamed>[]): Promise<unknown> {
    return Promise.all(
      records.map((record) => deliveries.transact((trx) => trx.insert(record, [{ type: 'requested' }]))),
    );
  }

  it('lets one worker claim a delivery, and the next one only after the lease has expired', async () => {
    await insert(recordNamed('A', now));
    const claims = await Promise.all(
      ['first', 'second'].map((token) => deliveries.claim('id of A', { token, ms: 1000 })),
    );
    expect(claims.map((claim) => claim?.action.do)).toEqual(['quote', undefined]);
    now += 999;
    expect(await deliveries.claim('id of A', { token: 'second', ms: 1000 })).toBeUndefined();
    now += 1;
    expect(await deliveries.claim('id of A', { token: 'second', ms: 1000 })).toBeDefined();
    // A worker whose lease has expired can neither change nor release the delivery.
    await expect(deliveries.change('id of A', quoting, { token: 'first' })).rejects.toThrow(LostLease);
    expect(await deliveries.release('id of A', 'first')).toBeUndefined();
    expect(await deliveryById(deliveries, 'id of A')).toMatchObject({
      state: 'requested',
      version: 1,
      leaseToken: 'second',
    });
    await deliveries.change('id of A', quoting, { token: 'second' });
    // It has been due since it was booked, and is still due.
    expect(await deliveries.release('id of A', 'second')).toBe(1_000_000);
    expect(await deliveryById(deliveries, 'id of A')).toMatchObject({
      state: 'quoting',
      leaseToken: undefined,
      dueAt: 1_000_000,
    });
  });

  it('takes no lease if no action is due, and returns the time of the next one', async () => {
    await insert(recordNamed('A', now), recordNamed('B', now, { state: 'failed' }));
    await deliveries.change('id of A', (record) => heldUp(record, now + 500));
    const waiting = await deliveries.claim('id of A', { token: 'worker', ms: 1000 });
    expect(waiting).toMatchObject({ action: { do: 'wait' }, record: { leaseToken: undefined, dueAt: now + 500 } });
    const resting = await deliveries.claim('id of B', { token: 'worker', ms: 1000 });
    expect(resting).toMatchObject({ action: { do: 'rest' }, record: { leaseToken: undefined, dueAt: undefined } });
    expect(await deliveryById(deliveries, 'id of B')).toMatchObject({
      version: 1,
      leaseToken: undefined,
      dueAt: undefined,
    });
  });

  it('stores the start of the action together with the claim', async () => {
    await insert(recordNamed('A', now));
    const claimed = await deliveries.claim('id of A', { token: 'worker', ms: 1000 }, ({ do: what }) =>
      what === 'quote' ? quoting : undefined,
    );
    expect(claimed?.record).toMatchObject({ state: 'quoting', version: 2, leaseToken: 'worker' });
    expect(await deliveryById(deliveries, 'id of A')).toEqual(claimed?.record);
  });

  it('releases a lease with the last change, but not if more is due or another worker has the lease', async () => {
    await insert(recordNamed('A', now));
    const lease = { token: 'worker', yields: 'worker' };
    await deliveries.claim('id of A', { token: 'worker', ms: 1000 });
    const more = await deliveries.change('id of A', quoting, lease);
    expect(more).toMatchObject({ action: { do: 'quote' }, record: { leaseToken: 'worker' } });
    const others = await deliveries.change('id of A', (record) => heldUp(record, now + 500), { yields: 'another' });
    expect(others.record).toMatchObject({ leaseToken: 'worker', dueAt: now + 500 });
    const last = await deliveries.change('id of A', () => undefined, lease);
    expect(last.record).toMatchObject({ leaseToken: undefined, leaseUntil: undefined, dueAt: now + 500 });
    expect(await deliveryById(deliveries, 'id of A')).toEqual(last.record);
    await expect(deliveries.change('id of A', quoting, lease)).rejects.toThrow(LostLease);
    await expect(deliveries.change('nobody', quoting)).rejects.toThrow(LostLease);
  });

  it('keeps changes that happen while a worker has the lease', async () => {
    await insert(recordNamed('A', now));
    await deliveries.claim('id of A', { token: 'worker', ms: 1000 });
    await deliveries.change('id of A', (record) => cancelAsked(record, now));
    const { record, action } = await deliveries.change('id of A', quoting, { token: 'worker' });
    expect(action).toEqual({ do: 'drop' });
    expect(record.progress.cancelAskedAt).toBe(now);
  });

  it('stores the due time in whole ms', async () => {
    await insert(recordNamed('A', now));
    await deliveries.claim('id of A', { token: 'worker', ms: 1000 });
    await deliveries.change('id of A', (record) => heldUp(record, now + 0.5), { token: 'worker' });
    expect(await deliveries.release('id of A', 'worker')).toBe(now + 1);
    const { rows } = await sql`select due_at, typeof(due_at) as type from deliveries`.execute(database.db);
    expect(rows).toEqual([{ due_at: now + 1, type: 'integer' }]);
  });

  it('lists the due deliveries without a lease, the longest overdue first', async () => {
    await insert(
      recordNamed('late', now, { dueAt: now - 5 }),
      recordNamed('later', now, { dueAt: now - 9 }),
      recordNamed('soon', now, { dueAt: now + 10 }),
      recordNamed('resting', now, { dueAt: undefined }),
      recordNamed('taken', now, { dueAt: now - 99 }),
    );
    await deliveries.claim('id of taken', { token: 'worker', ms: 100 });
    const names = async (by: number, limit: number): Promise<string[]> =>
      (await deliveries.storage.due(by, limit)).map(({ id }) => id.slice('id of '.length));
    expect(await names(now, 10)).toEqual(['later', 'late']);
    expect(await names(now + 10, 10)).toEqual(['later', 'late', 'soon']);
    expect(await names(now + 10, 1)).toEqual(['later']);
    now += 100;
    expect(await names(now, 10)).toEqual(['taken', 'later', 'late', 'soon']);
    await deliveries.claim('id of late', { token: 'worker', ms: 100 });
    await deliveries.storage.start();
    expect(await names(now, 10)).toHaveLength(4);
  });

  it.each([
    ['a state', { state: 'teleporting' }, 'its state "teleporting" is none that this version knows'],
    ['a progress', { progress: '{"booked":"twice"}' }, 'its progress is not of a form that this version knows'],
    ['a request', { request: '[]' }, 'its request is not of a form that this version knows'],
  ])('fails on a row with %s of another version', async (_, row, message) => {
    await insert(recordNamed('A', now));
    await database.db.updateTable('deliveries').set(row).execute();
    await expect(deliveries.storage.find('', 'A')).rejects.toThrow(message);
    await expect(deliveries.claim('id of A', { token: 'worker', ms: 100 })).rejects.toThrow(message);
    // The failed claim has left no lease.
    expect(await deliveries.storage.due(now, 10)).toHaveLength(1);
  });
});
