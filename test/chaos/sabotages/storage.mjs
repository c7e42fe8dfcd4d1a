// Sabotages of the storages: of the SQL that they share, of SQLite's, and of PostgreSQL's.
import { byTest, sabotage } from './sabotage.mjs';

/** @typedef {import('./sabotage.mjs').Sabotage} Sabotage */

const FORGET = 'forget.e2e-spec';

/** @type {readonly Sabotage[]} */
export const SQL = [
  sabotage(
    'a webhook is stored without its unique keys',
    'storage/sql/webhook-rows.ts',
    "sql`${fingerprint}`.as('fingerprint'),\n    sql`${repeatKey ?? null}`.as('repeat_key'),",
    "sql`null`.as('fingerprint'),\n    sql`null`.as('repeat_key'),",
    'chaos',
  ),
  sabotage(
    'a webhook that was signed anew is stored again',
    'storage/sql/webhook-rows.ts',
    "sql`${repeatKey ?? null}`.as('repeat_key'),",
    "sql`null`.as('repeat_key'),",
    byTest(
      'application/durable-inbox.spec',
      'recognizes a duplicate by either key or by a key of an earlier duplicate',
    ),
  ),
  sabotage(
    'the keys of a duplicate webhook are forgotten',
    'storage/sql/webhook-rows.ts',
    'if (!inserted) await rememberKeys(trx, keys);',
    '',
    byTest(
      'application/durable-inbox.spec',
      'recognizes a duplicate by either key or by a key of an earlier duplicate',
    ),
  ),
  sabotage(
    'the outcome of an attempt is stored without its order',
    'storage/sql/attempt-rows.ts',
    '...(orderId !== undefined && { order_id: orderId })',
    '...(orderId === null && { order_id: orderId })',
    'chaos',
  ),
  sabotage(
    'a delivery that is active is erased',
    'storage/sql/erase-delivery.ts',
    'if (state !== undefined && !isTerminal(state)) return { isErased: false, state };',
    '',
    byTest(FORGET, 'is refused if customer service has replaced the order that had ended'),
  ),
  sabotage(
    'a delivery is erased while its handlers wait for its webhooks',
    'storage/sql/erase-delivery.ts',
    'if (Number(waiting) > 0) return',
    'if (Number(waiting) < 0) return',
    byTest(FORGET, 'is refused with the number of webhooks'),
  ),
];

/** @type {readonly Sabotage[]} */
export const SQLITE = [
  sabotage(
    'a live lease is claimed',
    'storage/sqlite/sqlite-transaction.ts',
    'record.leaseUntil > this.now();',
    'record.leaseUntil < 0;',
    'chaos',
  ),
  sabotage(
    'a lease is never free again',
    'storage/sqlite/sqlite-transaction.ts',
    'record.leaseUntil > this.now();',
    'record.leaseUntil > 0;',
    byTest('application/delivery-transactions.spec', 'the next one only after the lease has expired'),
  ),
  sabotage(
    'the outbox has no order',
    'storage/sqlite/sqlite-outbox.ts',
    "and (e.source = 'webhook' or not exists (",
    'and (1 = 1 or not exists (',
    'chaos',
  ),
  sabotage(
    'a commit is not synced to the disk',
    'storage/sqlite/open-database.ts',
    "database.exec('pragma synchronous = full');",
    "database.exec('pragma synchronous = normal');",
    'chaos',
  ),
  sabotage(
    'a write resolves before its commit',
    'storage/sqlite/group-commit.ts',
    'for (const job of jobs) settled.push(await runIn(trx, job));',
    'for (const job of jobs) (await runIn(trx, job))();',
    byTest('storage/sqlite/group-commit.spec', 'resolves no write before the commit'),
  ),
  sabotage(
    'a write that fails takes the others of its commit with it',
    'storage/sqlite/group-commit.ts',
    'if (isAtWork && jobs.length > 1) {',
    'if (isAtWork && jobs.length < 0) {',
    byTest('storage/sqlite/group-commit.spec', 'rolls back a failed write alone'),
  ),
  // In PostgreSQL the announced types hide it: see below.
  sabotage(
    'the events of a delivery are not in the outbox',
    'application/delivery-transaction.ts',
    'isWanted: this.rules.isWanted(event.type) }',
    'isWanted: false }',
    byTest('deliveries-service.e2e-spec', 'calls handlers for a booking at once'),
  ),
].map((one) => ({ ...one, storage: /** @type {const} */ ('sqlite') }));

const FENCES = 'postgres-fences.e2e-spec';

/** @type {readonly Sabotage[]} */
export const POSTGRES = [
  sabotage(
    'no row lock: a delivery is read without a lock before it is changed',
    'storage/postgres/postgres-transaction.ts',
    ".where('id', '=', deliveryId)\n      .forUpdate()\n",
    ".where('id', '=', deliveryId)\n",
    byTest(FENCES, 'is claimed by one of two workers at once'),
  ),
  sabotage(
    'no version fence: a delivery is saved although it has changed',
    'storage/postgres/postgres-transaction.ts',
    ".where('version', '=', before.version)",
    '',
    byTest(FENCES, 'cannot be overwritten by a transaction that has read it before'),
  ),
  sabotage(
    'a live lease is claimed in PostgreSQL',
    'storage/postgres/postgres-transaction.ts',
    'if (!row || (row.lease_until !== null && row.lease_until > row.lease_now)) return undefined;',
    'if (!row) return undefined;',
    byTest('application/delivery-transactions.spec', 'the next one only after the lease has expired'),
  ),
  sabotage(
    'an event for a handler of another process is not in the outbox',
    'storage/postgres/postgres-transaction.ts',
    "case when ${isWanted} then 'pending' else 'none' end",
    "case when ${isWanted} then 'none' else 'none' end",
    byTest('postgres/races.e2e-spec', 'that another process has announced later'),
  ),
  sabotage(
    'a delivery of a restored database is ordered again',
    'domain/decide.ts',
    "if (restored) return { do: 'give-up', reason: reason('DATABASE_RESTORED') };",
    '',
    byTest('postgres/restore.e2e-spec', 'orders nothing again'),
  ),
  sabotage(
    'a promotion is not noticed by running hosts',
    'application/actions/place-order.ts',
    'await trx.storage.refuseIfRestored();',
    '',
    byTest('postgres/restore.e2e-spec', 'by the hosts that run while a replica is promoted'),
  ),
].map((one) => ({ ...one, storage: /** @type {const} */ ('postgres') }));
