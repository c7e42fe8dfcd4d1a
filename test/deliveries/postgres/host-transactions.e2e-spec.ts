import { afterAll, afterEach, beforeEach, expect, it } from '@jest/globals';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import { InvalidDeliveryException, type BookDeliveryDto, type HostTransaction } from 'nestjs-lalamove/deliveries';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import { SandboxClock } from 'nestjs-lalamove/sandbox';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import {
  bookFromOutbox,
  withDrizzle,
  withKysely,
  withPg,
  withTypeOrm,
  type ShopTables,
} from '../../docs/examples/transactions.js';
import { failureOf } from '../../support/lalamove.js';
import { bookingOf } from '../../support/sample-booking.js';
import { describePostgres, POSTGRES_URL } from '../../support/servers.js';
import { DeliveriesHost } from '../deliveries-host.js';

describePostgres("a booking in the host's transaction on PostgreSQL", () => {
  const ends: (() => Promise<unknown>)[] = [];
  let schema: string;
  let host: DeliveriesHost;
  let pool: Pool;

  beforeEach(async () => {
    schema = `test_${randomUUID().replaceAll('-', '')}`;
    const storage = postgresStorage({ connectionString: POSTGRES_URL, schema, maxConnections: 4 });
    pool = new Pool({ connectionString: POSTGRES_URL, max: 4 });
    host = await DeliveriesHost.start({ webhooks: false, deliveries: { storage, worker: false } });
    await pool.query('create schema if not exists shop');
    await pool.query('create table if not exists shop.orders (id text primary key)');
  });

  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    await host.stop();
    await pool.query(`drop schema ${schema} cascade`);
    await pool.end();
  });

  afterAll(async () => {
    const last = new Pool({ connectionString: POSTGRES_URL });
    await last.query('drop schema if exists shop cascade');
    await last.end();
  });

  /** A delivery with a reference that no other test has. */
  const delivery = (): BookDeliveryDto => bookingOf(`shop-${randomUUID()}`);

  async function isOrdered({ reference }: BookDeliveryDto): Promise<boolean> {
    const { rows } = await pool.query('select 1 from shop.orders where id = $1', [reference]);
    return rows.length > 0;
  }

  async function isBooked({ reference }: BookDeliveryDto): Promise<boolean> {
    return (await host.deliveries.find(reference)) !== null;
  }

  /** Runs an example twice: the second one fails after the booking of another delivery, and leaves nothing. */
  async function commitsAndVanishes(
    example: (deliveries: DeliveriesHost['deliveries'], booking: BookDeliveryDto) => Promise<void>,
  ): Promise<void> {
    const committed = delivery();
    await example(host.deliveries, committed);
    expect([await isOrdered(committed), await isBooked(committed)]).toEqual([true, true]);
    const vanished = delivery();
    const failing = Object.create(host.deliveries, {
      book: {
        value: async (booking: BookDeliveryDto, options: { trx: HostTransaction }) => {
          await host.deliveries.book(booking, options);
          throw new Error('The shop is closed.');
        },
      },
    }) as DeliveriesHost['deliveries'];
    expect((await failureOf(example(failing, vanished))).message).toBe('The shop is closed.');
    expect([await isOrdered(vanished), await isBooked(vanished)]).toEqual([false, false]);
  }

  const kysely = <Tables>(): Kysely<Tables> => {
    const own = new Kysely<Tables>({
      dialect: new PostgresDialect({ pool: new Pool({ connectionString: POSTGRES_URL, max: 2 }) }),
    });
    ends.push(() => own.destroy());
    return own;
  };

  it('commits or vanishes with the rows of Kysely, pg, TypeORM and Drizzle', async () => {
    await commitsAndVanishes((deliveries, booking) => withKysely(kysely<ShopTables>(), deliveries, booking));
    await commitsAndVanishes((deliveries, booking) => withPg(pool, deliveries, booking));
    await commitsAndVanishes((deliveries, booking) => withDrizzle(pool, deliveries, booking));
    const dataSource = await new DataSource({ type: 'postgres', url: POSTGRES_URL }).initialize();
    ends.push(() => dataSource.destroy());
    await commitsAndVanishes((deliveries, booking) => withTypeOrm(dataSource, deliveries, booking));
  });

  it('joins a transaction of deliveries.database, and of a Kysely with plugins', async () => {
    const first = delivery();
    await host.deliveries.database.transaction().execute((trx) => host.deliveries.book(first, { trx }));
    expect(await isBooked(first)).toBe(true);
    const second = delivery();
    const own = kysely<ShopTables>().withPlugin(new CamelCasePlugin()).withSchema('shop');
    const trx = await own.startTransaction().execute();
    await host.deliveries.book(second, { trx });
    expect(await isBooked(second)).toBe(false);
    await trx.commit().execute();
    expect(await host.deliveries.get(second.reference)).toMatchObject({ state: 'requested' });
  });

  it('books from an outbox as with Prisma, once', async () => {
    const booking = delivery();
    const rows = [{ id: 1, delivery: booking }];
    const prisma = {
      deliveryOutbox: {
        findMany: () => Promise.resolve([...rows]),
        delete: () => Promise.resolve(rows.pop()),
      },
    };
    await Promise.all([bookFromOutbox(prisma, host.deliveries), bookFromOutbox(prisma, host.deliveries)]);
    expect(rows).toEqual([]);
    const { deliveries } = await host.deliveries.list();
    expect(deliveries.map(({ reference }) => reference)).toEqual([booking.reference]);
  });

  it('leaves the transaction usable if the reference is booked at the same time', async () => {
    const booking = delivery();
    const client = await pool.connect();
    const other = await pool.connect();
    try {
      await client.query('begin');
      await other.query('begin');
      const first = await host.deliveries.book(booking, { trx: client });
      const waiting = host.deliveries.book(booking, { trx: other });
      await pause(100);
      await client.query('commit');
      expect(await waiting).toEqual(first);
      await other.query('insert into shop.orders (id) values ($1)', [booking.reference]);
      await other.query('commit');
    } finally {
      client.release();
      other.release();
    }
    expect(await isOrdered(booking)).toBe(true);
  });

  it('refuses what is no open transaction on the same database, and books nothing', async () => {
    const client = await pool.connect();
    ends.push(() => {
      client.release();
      return Promise.resolve();
    });
    const refused = async (trx: unknown): Promise<void> => {
      const booking = delivery();
      const refusal = await failureOf(host.deliveries.book(booking, { trx: trx as HostTransaction }));
      expect(refusal).toBeInstanceOf(InvalidDeliveryException);
      expect(refusal).toMatchObject({ errors: [{ pointer: '/trx' }] });
      expect(await isBooked(booking)).toBe(false);
    };
    await refused(pool);
    await refused(client);
    await refused(host.deliveries.database);
    await refused(kysely());
    for (const wrong of [5, 'trx', {}, { isTransaction: true }, { query: () => 'text' }]) await refused(wrong);
    await client.query('begin');
    await client.query('select 1 / 0').catch(() => undefined);
    await refused(client);
    await client.query('rollback');
    const own = kysely();
    await refused(await own.transaction().execute((trx) => Promise.resolve(trx)));
    // A schema with the same tables that is another database of deliveries.
    const foreign = postgresStorage({ connectionString: POSTGRES_URL, schema: `${schema}_b`, maxConnections: 3 });
    const other = await DeliveriesHost.start({ webhooks: false, deliveries: { storage: foreign, worker: false } });
    ends.push(async () => {
      await other.stop();
      await pool.query(`drop schema ${schema}_b cascade`);
    });
    const booking = delivery();
    await other.deliveries.database.transaction().execute((trx) => host.deliveries.book(booking, { trx }));
    // It is the same database of PostgreSQL, so the booking goes to the right schema.
    expect(await isBooked(booking)).toBe(true);
    expect(await other.deliveries.find(booking.reference)).toBeNull();
  });

  it('places the order soon after a late commit, without a sweep, and leaves nothing after a rollback', async () => {
    const storage = postgresStorage({ connectionString: POSTGRES_URL, schema, maxConnections: 4 });
    const working = await DeliveriesHost.start({
      sandbox: { clock: new SandboxClock() },
      deliveries: { storage, clock: undefined, sweepSeconds: 3600 },
    });
    ends.push(() => working.stop());
    const [late, vanished] = [delivery(), delivery()];
    const clients = [await pool.connect(), await pool.connect()] as const;
    for (const client of clients) await client.query('begin');
    await working.deliveries.book(late, { trx: clients[0] });
    await working.deliveries.book(vanished, { trx: clients[1] });
    await pause(6500);
    expect(await isBooked(late)).toBe(false);
    expect(working.sandbox.requests.filter(({ path }) => path !== '/v3/webhook')).toEqual([]);
    await clients[0].query('commit');
    await clients[1].query('rollback');
    for (const client of clients) client.release();
    const committedAt = performance.now();
    while ((await working.deliveries.get(late.reference)).state !== 'assigning') {
      // The next look is 11.25 s after the booking.
      expect(performance.now() - committedAt).toBeLessThan(8000);
      await pause(50);
    }
    expect(working.sandbox.ledgerFor({ reference: late.reference }).orderIds).toHaveLength(1);
    await pause(9000);
    expect(await isBooked(vanished)).toBe(false);
    expect(working.sandbox.orders).toHaveLength(1);
    for (const table of ['delivery_events', 'delivery_attempts']) {
      const { rows } = await pool.query(
        `select 1 from ${schema}.${table} where delivery_id not in (select id from ${schema}.deliveries)`,
      );
      expect(rows).toEqual([]);
    }
  }, 60_000);

  it('answers a conflict of the isolation level as an error of the store, with its cause', async () => {
    const booking = delivery();
    const client = await pool.connect();
    await client.query('begin isolation level repeatable read');
    await client.query('select 1');
    await host.deliveries.book(booking);
    const failure = await failureOf(host.deliveries.book(booking, { trx: client }));
    await client.query('rollback');
    client.release();
    expect(failure).toMatchObject({ name: 'DeliveriesStoreException', cause: { code: '40001' } });
  });
});
