import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import type { Kysely } from 'kysely';
import type { BookDeliveryDto, DeliveriesService } from 'nestjs-lalamove/deliveries';
import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';

/** A table of a shop. */
export interface ShopTables {
  'shop.orders': { id: string };
}

export async function withKysely(
  shop: Kysely<ShopTables>,
  deliveries: DeliveriesService,
  delivery: BookDeliveryDto,
): Promise<void> {
  await shop.transaction().execute(async (trx) => {
    await trx.insertInto('shop.orders').values({ id: delivery.reference }).execute();
    await deliveries.book(delivery, { trx });
  });
}

export async function withPg(pool: Pool, deliveries: DeliveriesService, delivery: BookDeliveryDto): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('insert into shop.orders (id) values ($1)', [delivery.reference]);
    await deliveries.book(delivery, { trx: client });
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

export async function withTypeOrm(
  dataSource: DataSource,
  deliveries: DeliveriesService,
  delivery: BookDeliveryDto,
): Promise<void> {
  await dataSource.transaction(async ({ queryRunner }) => {
    if (!queryRunner) throw new Error('TypeORM has no query runner in a transaction.');
    await queryRunner.query('insert into shop.orders (id) values ($1)', [delivery.reference]);
    // In a transaction, connect() returns the pg client of the transaction.
    const client = (await queryRunner.connect()) as PoolClient;
    await deliveries.book(delivery, { trx: client });
  });
}

export async function withDrizzle(pool: Pool, deliveries: DeliveriesService, delivery: BookDeliveryDto): Promise<void> {
  const client = await pool.connect();
  try {
    // A Drizzle database on one client, so its transaction is open on this client.
    await drizzle(client).transaction(async (tx) => {
      await tx.execute(sql`insert into shop.orders (id) values (${delivery.reference})`);
      await deliveries.book(delivery, { trx: client });
    });
  } finally {
    client.release();
  }
}

/** The methods of Prisma that the recipe uses. */
export interface PrismaOutbox {
  deliveryOutbox: {
    findMany(query: { orderBy: { id: 'asc' }; take: number }): Promise<{ id: number; delivery: unknown }[]>;
    delete(query: { where: { id: number } }): Promise<unknown>;
  };
}

/** Call it at an interval, for example every second, and after each order. */
export async function bookFromOutbox(prisma: PrismaOutbox, deliveries: DeliveriesService): Promise<void> {
  for (const { id, delivery } of await prisma.deliveryOutbox.findMany({ orderBy: { id: 'asc' }, take: 100 })) {
    // After a crash before the delete it is called again, and returns the delivery that exists.
    await deliveries.book(delivery as BookDeliveryDto);
    await prisma.deliveryOutbox.delete({ where: { id } });
  }
}
