import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { KyselyPlugin } from 'kysely';
import type { Client } from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { LostLease } from '../../../src/deliveries/application/delivery-transaction.js';
import { cancelAsked } from '../../../src/deliveries/domain/cancellation.js';
import { quoting } from '../../../src/deliveries/domain/transitions.js';
import type { DeliveryRecord } from '../../../src/deliveries/storage/delivery-record.js';
import { markRestored } from '../../../src/deliveries/storage/sql/mark-restored.js';
import { describePostgres } from '../../support/servers.js';
import { failureOf } from '../../support/lalamove.js';
import { factsOf } from '../../webhooks/event-samples.js';
import { recordNamed } from '../delivery-rows.js';
import { LEASE_MS, Storages, type OpenedStorage } from './storages.js';

const ID = 'id of A';
const NO_TYPES = { delivery: new Set<string>(), webhook: new Set<string>() };
const ALL_TYPES = { delivery: new Set(['*']), webhook: new Set(['*']) };

describePostgres('two processes on one PostgreSQL', () => {
  let storages: Storages;
  let one: OpenedStorage;
  let two: OpenedStorage;
  let client: Client;

  beforeEach(async () => {
    storages = new Storages();
    [one, two] = await storages.openTwo();
    client = await storages.client();
    await client.query(`set search_path to ${storages.schema}`);
  });

  afterEach(async () => {
    await storages.close();
  });

  async function insert(reference = 'A', more: Parameters<typeof recordNamed>[2] = {}): Promise<void> {
    await one.deliveries.transact((trx) =>
      trx.insert(recordNamed(reference, Date.now(), more), [{ type: 'requested' }]),
    );
  }

  async function row(id = ID): Promise<DeliveryRecord> {
    const record = await one.storage.transact((trx) => trx.lock(id));
    if (!record) throw new TypeError(`There is no delivery ${id}.`);
    return record;
  }

  /** Reads one column. */
  async function column(query: string): Promise<unknown[]> {
    const { rows } = await client.query<Record<string, unknown>>(query);
    return rows.map((found) => Object.values(found)[0]);
  }

  const lease = (token: string, ms = LEASE_MS): { token: string; ms: number } => ({ token, ms });

  it('loses no update: each change sees the one before', async () => {
    await insert();
    const { version } = await row();
    const changes = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? one : two).deliveries.change(ID, ({ state, progress }) => ({
        state,
        progress: { ...progress, failures: progress.failures + 1 },
        events: [],
      })),
    );
    await Promise.all(changes);
    expect(await row()).toMatchObject({ version: version + 40, progress: { failures: 40 } });
  });

  it('runs a transaction again if its row was changed without a lock', async () => {
    await insert();
    let runs = 0;
    await one.storage.transact(async (trx) => {
      runs += 1;
      const before = await trx.lock(ID);
      if (!before) throw new TypeError('There is no delivery.');
      const stale = runs === 1 ? { ...before, version: before.version - 1 } : before;
      await trx.save(stale, { ...stale, version: stale.version + 1, updatedAt: Date.now() });
    });
    expect(runs).toBe(2);
  });

  it('runs a transaction again after a deadlock and after a serialization failure', async () => {
    await insert('A');
    await insert('B');
    let runs = 0;
    const inOrder = (storage: OpenedStorage['storage'], ids: readonly string[]): Promise<void> =>
      storage.transact(async (trx) => {
        runs += 1;
        for (const id of ids) {
          await trx.lock(id);
          await pause(50);
        }
      });
    await Promise.all([inOrder(one.storage, [ID, 'id of B']), inOrder(two.storage, ['id of B', ID])]);
    expect(runs).toBe(3);
    let tries = 0;
    await one.storage.transact(() => {
      tries += 1;
      const failure = Object.assign(new Error('could not serialize access'), { code: '40001' });
      return tries < 3 ? Promise.reject(failure) : Promise.resolve();
    });
    expect(tries).toBe(3);
  });

  it('gives a lease to one of many claims', async () => {
    await insert();
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : two).deliveries.claim(ID, lease(`token ${index}`), () => quoting),
      ),
    );
    const winners = claims.filter((claim) => claim !== undefined);
    expect(winners).toHaveLength(1);
    expect((await row()).leaseToken).toBe(winners[0]?.record.leaseToken);
  });

  it('refuses a worker whose lease another one has taken over', async () => {
    await insert();
    await one.deliveries.claim(ID, lease('slow', 50), () => quoting);
    await pause(100);
    const next = await two.deliveries.claim(ID, lease('next'));
    expect(next?.record.leaseToken).toBe('next');
    const late = one.deliveries.change(ID, (record) => cancelAsked(record, Date.now()), { token: 'slow' });
    expect(await failureOf(late)).toBeInstanceOf(LostLease);
    expect((await row()).progress.cancelAskedAt).toBeUndefined();
  });

  it('counts a lease by the clock of the server, so a host with a wrong clock takes no lease', async () => {
    await insert();
    const claimed = await one.deliveries.claim(ID, lease('one'), () => quoting);
    const [server] = await column(`select ((lease_until - extract(epoch from clock_timestamp()) * 1000))::float8
      from deliveries`);
    const left = one.storage.leaseMsLeft(claimed?.record ?? (await row()));
    expect(Math.abs(Number(server) - left)).toBeLessThan(2000);
    const realNow = Date.now;
    try {
      Date.now = () => realNow() + 3_600_000;
      expect(await two.deliveries.claim(ID, lease('two'))).toBeUndefined();
    } finally {
      Date.now = realNow;
    }
  });

  it('keeps the leases of the other processes when a process starts', async () => {
    await insert();
    await one.deliveries.claim(ID, lease('one'), () => quoting);
    const third = await storages.open();
    await third.storage.start();
    expect((await row()).leaseToken).toBe('one');
    expect(await third.deliveries.claim(ID, lease('three'))).toBeUndefined();
  });

  it('shares the due deliveries: two sweeps at once get different ones', async () => {
    for (let index = 0; index < 40; index += 1) await insert(`D-${index}`);
    const by = Date.now() + 1000;
    const pages = await Promise.all([one, two, one, two].map(({ storage }) => storage.due(by, 10)));
    const ofOne = new Set([...(pages[0] ?? []), ...(pages[2] ?? [])].map(({ id }) => id));
    const ofTwo = new Set([...(pages[1] ?? []), ...(pages[3] ?? [])].map(({ id }) => id));
    expect([...ofOne].filter((id) => ofTwo.has(id))).toEqual([]);
    expect(pages.every((page) => page.length <= 10)).toBe(true);
    expect(ofOne.size).toBeGreaterThan(0);
    expect(ofTwo.size).toBeGreaterThan(0);
    // A row that another transaction has locked does not block a sweep.
    await client.query('begin');
    await client.query("select 1 from deliveries where id = 'id of D-0' for update");
    const rest = await one.storage.due(by, 100);
    expect(rest.map(({ id }) => id)).not.toContain('id of D-0');
    await client.query('rollback');
  });

  it('dispatches an event in one process, and the next event of its delivery after it', async () => {
    for (const { storage } of [one, two]) await storage.outbox.announce(ALL_TYPES);
    await insert();
    await one.deliveries.change(ID, ({ state, progress }) => ({ state, progress, events: [{ type: 'requested' }] }));
    const now = Date.now() + 1000;
    const pages = await Promise.all(
      [one, two, one, two].map(({ storage }) => storage.outbox.pending(undefined, now, 10)),
    );
    const first = [...(pages[0] ?? []), ...(pages[2] ?? [])];
    const second = [...(pages[1] ?? []), ...(pages[3] ?? [])];
    const holder = first.length > 0 ? one : two;
    expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(1);
    expect(Math.min(first.length, second.length)).toBe(0);
    const [event] = [...first, ...second];
    if (!event) throw new TypeError('There is no event.');
    const done = { status: 'done', handledBy: [], tries: 1, nextTryAt: undefined, blockedOn: undefined } as const;
    const other = holder === one ? two : one;
    // A process without the lease cannot write a result.
    await other.storage.outbox.settle(event.id, { ...done, error: undefined });
    expect(await other.storage.outbox.pending(undefined, now, 10)).toEqual([]);
    await holder.storage.outbox.settle(event.id, { ...done, error: undefined });
    const [next] = await other.storage.outbox.pending(undefined, now, 10);
    expect(next?.id).toBeGreaterThan(event.id);
  });

  it('gives the events of a dead process to another one after their lease', async () => {
    for (const { storage } of [one, two]) await storage.outbox.announce(ALL_TYPES);
    await insert();
    const now = Date.now() + 1000;
    const [event] = await one.storage.outbox.pending(undefined, now, 10);
    expect(await two.storage.outbox.pending(undefined, now, 10)).toEqual([]);
    await client.query('update delivery_events set dispatch_until = 1');
    expect((await two.storage.outbox.pending(undefined, now, 10)).map(({ id }) => id)).toEqual([event?.id]);
  });

  it('keeps an event for a handler that another process has announced later', async () => {
    one.deliveries.isWanted = () => false;
    await insert('A');
    await two.storage.outbox.announce({ delivery: new Set(['requested']), webhook: new Set() });
    await insert('B');
    expect(await column('select dispatch from delivery_events order by id')).toEqual(['none', 'pending']);
    expect(await two.storage.outbox.pending(undefined, Date.now() + 1000, 10)).toHaveLength(1);
    // A process without handlers ends the wait of no event.
    await one.storage.outbox.announce(NO_TYPES);
    expect(await column("select count(*)::int from delivery_events where dispatch = 'pending'")).toEqual([1]);
  });

  it('keeps a wake beside a change of the due time', async () => {
    const attempt = { id: 'attempt', number: 1, quotationId: 'q', quotationExpiresAt: 0, reservedAt: Date.now() };
    await insert('A', { state: 'booking', progress: { attempt: { ...attempt, outcome: 'unknown' } } });
    await one.deliveries.transact(async (trx) => {
      const record = await trx.storage.lock(ID);
      if (!record) throw new TypeError('There is no delivery.');
      await trx.storage.reserveAttempt(record, { ...attempt, outcome: 'unknown' }, { total: '1', currency: 'HKD' });
    });
    const at = Date.now();
    let woken: Promise<unknown> = Promise.resolve();
    await one.storage.transact(async (trx) => {
      const before = await trx.lock(ID);
      if (!before) throw new TypeError('There is no delivery.');
      woken = two.storage.transact((other) => other.wakeSearcher('', at, 0));
      await pause(100);
      await trx.save(before, { ...before, dueAt: at + 3_600_000 });
    });
    expect(await woken).toBe(ID);
    expect((await row()).dueAt).toBe(at);
  });

  it('forgets no delivery that another transaction makes active again', async () => {
    await insert('A', { state: 'canceled' });
    let erased: Promise<unknown> = Promise.resolve();
    await one.storage.transact(async (trx) => {
      const before = await trx.lock(ID);
      if (!before) throw new TypeError('There is no delivery.');
      erased = two.storage.transact((other) => other.erase(ID));
      await pause(100);
      await trx.save(before, { ...before, version: before.version + 1, state: 'assigning' });
    });
    expect(await erased).toEqual({ isErased: false, state: 'assigning' });
    expect((await row()).request).toBeDefined();
  });

  it('stores no error of a handler beside an erasure', async () => {
    await two.storage.outbox.announce(ALL_TYPES);
    await insert('A', { state: 'canceled' });
    const [event] = await two.storage.outbox.pending(undefined, Date.now() + 1000, 10);
    if (!event) throw new TypeError('There is no event.');
    let settled: Promise<unknown> = Promise.resolve();
    await one.storage.transact(async (trx) => {
      expect(await trx.erase(ID)).toEqual({ isErased: true });
      const nextTryAt = Date.now() + 1000;
      const failed = { status: 'pending', handledBy: [], tries: 1, nextTryAt, blockedOn: undefined } as const;
      settled = two.storage.outbox.settle(event.id, { ...failed, error: 'Ada is not at home' });
      await pause(100);
    });
    await settled;
    expect(await column('select error from delivery_events')).toEqual([null]);
    expect(await column('select tries from delivery_events')).toEqual([1]);
  });

  it('stores a webhook once that two processes receive at the same time', async () => {
    const facts = factsOf('ORDER_STATUS_CHANGED', { order: { orderId: '1001', status: 'ON_GOING' } });
    const webhook = { facts, type: 'ORDER_STATUS_CHANGED', account: '', orderId: '1001', receivedAt: Date.now() };
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : two).storage.transact((trx) =>
          trx.storeWebhook({ ...webhook, keys: [`signature ${index % 4}`, 'event'], isWanted: true }),
        ),
      ),
    );
    expect(ids.filter((id) => id !== undefined)).toHaveLength(1);
    expect(await column("select count(*)::int from delivery_events where source = 'webhook'")).toEqual([1]);
  });

  it('gives an order to one of two attempts that name it at the same time', async () => {
    for (const reference of ['A', 'B']) {
      const attempt = { id: `attempt of ${reference}`, number: 1, quotationId: reference, quotationExpiresAt: 0 };
      const reserved = { ...attempt, outcome: 'reserved', reservedAt: Date.now() } as const;
      await insert(reference, { progress: { attempt: reserved } });
      await one.storage.transact(async (trx) => {
        const record = await trx.lock(`id of ${reference}`);
        if (!record) throw new TypeError('There is no delivery.');
        await trx.reserveAttempt(record, reserved, { total: '1', currency: 'HKD' });
      });
    }
    const ends = await Promise.all(
      [one, two].map(({ deliveries }, index) =>
        deliveries.change(`id of ${index === 0 ? 'A' : 'B'}`, ({ state, progress }) => ({
          state,
          progress,
          events: [],
          attempts: [{ id: `attempt of ${index === 0 ? 'A' : 'B'}`, outcome: 'placed', orderId: '1001' }],
        })),
      ),
    );
    expect(await column("select count(*)::int from delivery_attempts where order_id = '1001'")).toEqual([1]);
    expect(ends.map(({ record }) => record.progress.reason?.code).filter(Boolean)).toEqual(['ORDER_ALREADY_KNOWN']);
  });

  it('lets one delivery at a time read an unmatched order', async () => {
    const claim = (storage: OpenedStorage['storage'], by: string, ms = 60_000): Promise<boolean> =>
      storage.claimRead({ account: '', orderId: '1001', by, ms });
    const claims = await Promise.all(
      ['A', 'B', 'C', 'D'].map((by, index) => claim((index % 2 ? one : two).storage, by)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    const holder = ['A', 'B', 'C', 'D'][claims.indexOf(true)] ?? '';
    expect(await claim(one.storage, holder, 1)).toBe(true);
    await pause(20);
    expect(await claim(two.storage, 'another')).toBe(true);
    expect(await claim(one.storage, holder)).toBe(false);
  });

  it('marks after a restore no delivery that another process books meanwhile', async () => {
    await insert('A');
    let isBooked = false;
    const bookMeanwhile: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        if (!isBooked) await two.deliveries.transact((trx) => trx.insert(recordNamed('B', Date.now()), []));
        isBooked = true;
        return result;
      },
    };
    const at = Date.now();
    const marked = one.database.transaction().execute((trx) => markRestored(trx.withPlugin(bookMeanwhile), at));
    expect(await marked).toBe(1);
    expect((await row('id of A')).progress.restored).toEqual({ at, attemptId: `id of A.restored-${at}` });
    expect((await row('id of B')).progress.restored).toBeUndefined();
    expect(await column('select delivery_id from delivery_attempts')).toEqual(['id of A']);
  });

  it('reads bigint exactly, and refuses one that is no exact number', async () => {
    await insert();
    const due = 2 ** 52 + 1;
    await client.query(`update deliveries set due_at = ${due}`);
    expect((await row()).dueAt).toBe(due);
    await client.query('alter sequence delivery_events_id_seq restart with 9007199254740992');
    const failure = await failureOf(insert('B'));
    expect(failure).toMatchObject({ name: 'DeliveriesStoreException' });
    expect(await one.storage.find('', 'B')).toBeUndefined();
  });
});
