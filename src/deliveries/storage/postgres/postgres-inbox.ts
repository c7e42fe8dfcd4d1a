import { sql } from 'kysely';
import type { InboxStorage, StoredWebhook, WebhookPlace } from '../inbox-storage.js';
import { IS_TO_LOOK_AT, IS_WAITING } from '../sql/deliveries-schema.js';
import { windowEnd } from '../sql/webhook-window.js';
import type { PostgresTables } from './postgres-tables.js';
import type { PostgresTransactions } from './postgres-transactions.js';

/** Another process does not check a webhook again for this time, in ms. */
const LOOK_MS = 60_000;

/** The unmatched webhooks in PostgreSQL. Each sweep takes the rows that no other sweep has locked. */
export class PostgresInbox implements InboxStorage {
  readonly #transactions: PostgresTransactions;
  readonly #tables: PostgresTables;

  constructor(transactions: PostgresTransactions, tables: PostgresTables) {
    this.#transactions = transactions;
    this.#tables = tables;
  }

  async setAside(receivedBefore: number, at: number, limit: number): Promise<void> {
    const { events } = this.#tables;
    await this.#transactions.statement((db) =>
      sql`with old as materialized (
          select id from ${events} where ${IS_WAITING} and unreadable_at is null and received_at < ${receivedBefore}
          order by received_at limit ${limit} for update skip locked)
        update ${events} aside set set_aside_at = ${at} from old where aside.id = old.id`.execute(db),
    );
  }

  async toLookAt(by: number, limit: number): Promise<readonly StoredWebhook[]> {
    const { events } = this.#tables;
    const { rows } = await this.#transactions.statement((db) =>
      sql<StoredWebhook>`with due as materialized (
          select id from ${events} where ${IS_TO_LOOK_AT} and unreadable_at is null and look_at <= ${by}
          order by look_at, id limit ${limit} for update skip locked)
        update ${events} taken set look_at = ${by + LOOK_MS} from due where taken.id = due.id
        returning taken.id, taken.payload, taken.account, taken.received_at as "receivedAt"`.execute(db),
    );
    return inOrder(rows);
  }

  async matched(
    after: WebhookPlace | undefined,
    { window, limit }: { readonly window: number; readonly limit: number },
  ): Promise<{ readonly webhooks: readonly StoredWebhook[]; readonly reached: WebhookPlace | undefined }> {
    return this.#transactions.statement(async (db) => {
      const from = after ?? { receivedAt: 0, id: 0 };
      const end = await windowEnd(db, from, window);
      const to = end ?? { receivedAt: Number.MAX_SAFE_INTEGER, id: 0 };
      const { events, attempts } = this.#tables;
      // Not `exists`: the server could join all attempts instead of looking up those of the window.
      const { rows: webhooks } = await sql<StoredWebhook>`
        select e.id, e.payload, e.account, e.received_at as "receivedAt" from ${events} e
        where ${IS_WAITING} and e.unreadable_at is null and e.look_at is null
          and (e.received_at, e.id) > (${from.receivedAt}, ${from.id})
          and (e.received_at, e.id) <= (${to.receivedAt}, ${to.id})
          and (select true from ${attempts} a where a.account = e.account and a.order_id = e.order_id limit 1)
        order by e.received_at, e.id limit ${limit}`.execute(db);
      const last = webhooks.at(-1);
      // The window contains more rows than the limit. The next search continues after the last one.
      if (last && webhooks.length === limit) return { webhooks, reached: { receivedAt: last.receivedAt, id: last.id } };
      return { webhooks, reached: end };
    });
  }
}

/** `returning` has no order. */
function inOrder(webhooks: readonly StoredWebhook[]): readonly StoredWebhook[] {
  return [...webhooks].sort((a, b) => a.receivedAt - b.receivedAt || a.id - b.id);
}
