import { sql, type Kysely, type Selectable, type SqlBool } from 'kysely';
import type {
  DeliveryPlace,
  InspectionStorage,
  NewestQuery,
  SearchedRows,
  SearchStep,
  StoredAttempt,
  StoredChange,
  StoredWebhookText,
} from '../inspection-storage.js';
import type { ListedDelivery, StoredPage } from '../stored-types.js';
import type { DeliveriesSchema, DeliveriesTable } from './deliveries-schema.js';
import { listedDelivery } from './delivery-queries.js';

type Db = Kysely<DeliveriesSchema>;

/** How many attempts of one delivery are shown. */
const MAX_ATTEMPTS = 200;

/** Enough for the wallets of some accounts. */
const MAX_WEBHOOKS = 50;

/** Two accounts of Lalamove never share an order, but a database may have been filled by hand. */
const MAX_OF_ORDER = 10;

/** Runs a read. PostgreSQL translates its errors here. */
export type RunRead = <T>(read: (db: Db) => Promise<T>) => Promise<T>;

/** What operators read, in the SQL that both databases have. */
export class SqlInspection implements InspectionStorage {
  readonly #read: RunRead;

  constructor(read: RunRead) {
    this.#read = read;
  }

  newest(query: NewestQuery): Promise<StoredPage> {
    return this.#read((db) => newestDeliveries(db, query));
  }

  search(step: SearchStep): Promise<SearchedRows> {
    return this.#read((db) => searchDeliveries(db, step));
  }

  ofOrder(orderId: string): Promise<readonly ListedDelivery[]> {
    return this.#read((db) => deliveriesOfOrder(db, orderId));
  }

  attempts(deliveryId: string): Promise<readonly StoredAttempt[]> {
    return this.#read((db) => attemptsOf(db, deliveryId));
  }

  lastChange(): Promise<number> {
    return this.#read(lastEvent);
  }

  changesSince(eventId: number, limit: number): Promise<readonly StoredChange[]> {
    return this.#read((db) => eventsSince(db, eventId, limit));
  }

  latestWebhooks(type: string, rows: number): Promise<readonly StoredWebhookText[]> {
    return this.#read((db) => latestWebhooks(db, type, rows));
  }
}

async function newestDeliveries(db: Db, { state, account, before, limit }: NewestQuery): Promise<StoredPage> {
  let rows = db.selectFrom('deliveries').selectAll();
  if (state !== undefined) rows = rows.where('state', '=', state);
  if (account !== undefined) rows = rows.where('account', '=', account);
  if (before) rows = rows.where(sql<SqlBool>`(created_at, id) < (${before.createdAt}, ${before.id})`);
  // One extra row shows whether there is a next page.
  const found = await rows
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  const page = found.slice(0, limit);
  return { entries: page.map(listedDelivery), next: found.length > limit ? placeOf(page.at(-1)) : undefined };
}

/** The filter runs in the database, because most rows do not match, and a request has 1 kB and more. */
async function searchDeliveries(db: Db, { text, digits, before, rows: limit }: SearchStep): Promise<SearchedRows> {
  let window = db.selectFrom('deliveries').select(['id', 'created_at', 'reference', 'request']);
  if (before) window = window.where(sql<SqlBool>`(created_at, id) < (${before.createdAt}, ${before.id})`);
  const step = window.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit);
  // The last digits of any text in the JSON; the caller checks whether it is a phone number.
  const part = `%${escaped(text)}%`;
  // SQLite knows the lower case of ASCII alone, so the text as it was typed is looked for, too.
  const isNamed = sql<number>`case when lower(reference) like ${part.toLowerCase()} escape '\\'
    or reference like ${part} escape '\\' then 1 else 0 end`;
  const isCalled =
    digits === undefined ? sql<number>`0` : sql<number>`case when request like ${`%${digits}"%`} then 1 else 0 end`;
  const looked = await db
    .selectFrom(step.as('looked'))
    .select(['id', 'created_at', isNamed.as('named'), isCalled.as('called')])
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  const ids = looked.filter(({ named, called }) => named + called > 0).map(({ id }) => id);
  const found =
    ids.length === 0
      ? []
      : await db
          .selectFrom('deliveries')
          .selectAll()
          .where('id', 'in', ids)
          .orderBy('created_at', 'desc')
          .orderBy('id', 'desc')
          .execute();
  return {
    entries: found.map(listedDelivery),
    next: looked.length < limit ? undefined : placeOf(looked.at(-1)),
    looked: looked.length,
  };
}

/** Each order has an attempt. An index begins with the account, so each account is looked up by itself. */
async function deliveriesOfOrder(db: Db, orderId: string): Promise<ListedDelivery[]> {
  const first = sql<string | null>`min(account)`.as('account');
  const next = sql<string | null>`min(each.account)`.as('account');
  const attempts = await db
    .withRecursive('accounts', (cte) =>
      cte
        .selectFrom('delivery_attempts')
        .select(first)
        .unionAll(
          cte
            .selectFrom('accounts')
            .select((nested) =>
              nested
                .selectFrom('delivery_attempts as each')
                .select(next)
                .whereRef('each.account', '>', 'accounts.account')
                .as('account'),
            )
            .where('accounts.account', 'is not', null),
        ),
    )
    .selectFrom('accounts')
    .innerJoin('delivery_attempts as attempt', 'attempt.account', 'accounts.account')
    .where('attempt.order_id', '=', orderId)
    .select('attempt.delivery_id')
    .limit(sql.lit(MAX_OF_ORDER))
    .execute();
  const ids = attempts.map(({ delivery_id: id }) => id);
  if (ids.length === 0) return [];
  return (await db.selectFrom('deliveries').selectAll().where('id', 'in', ids).execute()).map(listedDelivery);
}

async function attemptsOf(db: Db, deliveryId: string): Promise<StoredAttempt[]> {
  const rows = await db
    .selectFrom('delivery_attempts')
    .selectAll()
    .where('delivery_id', '=', deliveryId)
    .orderBy('number')
    .orderBy('reserved_at')
    .limit(MAX_ATTEMPTS)
    .execute();
  return rows.map((row) => ({
    number: row.number,
    outcome: row.outcome,
    quotationId: row.quotation_id,
    orderId: row.order_id ?? undefined,
    total: row.total,
    currency: row.currency,
    reservedAt: row.reserved_at,
    settledAt: row.settled_at ?? undefined,
  }));
}

async function lastEvent(db: Db): Promise<number> {
  const last = await db
    .selectFrom('delivery_events')
    .select('id')
    .orderBy('id', 'desc')
    .limit(sql.lit(1))
    .executeTakeFirst();
  return last?.id ?? 0;
}

async function eventsSince(db: Db, eventId: number, limit: number): Promise<StoredChange[]> {
  const rows = await db
    .selectFrom('delivery_events as event')
    .leftJoin('deliveries as delivery', 'delivery.id', 'event.delivery_id')
    .select(['event.id', 'event.source', 'event.type', 'event.account', 'event.occurred_at', 'delivery.reference'])
    .where('event.id', '>', eventId)
    .orderBy('event.id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    source: row.source === 'delivery' ? 'delivery' : 'webhook',
    type: row.type,
    reference: row.reference ?? undefined,
    account: row.account,
    occurredAt: row.occurred_at,
  }));
}

/** No index has the types, because nothing else looks for them. So a window of the latest rows is read. */
async function latestWebhooks(db: Db, type: string, rows: number): Promise<StoredWebhookText[]> {
  const window = db.selectFrom('delivery_events').select(['id', 'source', 'type']).orderBy('id', 'desc').limit(rows);
  const found = await db
    .selectFrom(window.as('latest'))
    .select('id')
    .where('source', '=', 'webhook')
    .where('type', '=', type)
    .orderBy('id', 'desc')
    .limit(sql.lit(MAX_WEBHOOKS))
    .execute();
  if (found.length === 0) return [];
  return db
    .selectFrom('delivery_events')
    .select(['id', 'account', 'payload'])
    .where(
      'id',
      'in',
      found.map(({ id }) => id),
    )
    .orderBy('id', 'desc')
    .execute();
}

function placeOf(row: Pick<Selectable<DeliveriesTable>, 'created_at' | 'id'> | undefined): DeliveryPlace | undefined {
  return row && { createdAt: row.created_at, id: row.id };
}

/** A text in a `like` that means itself. */
function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
