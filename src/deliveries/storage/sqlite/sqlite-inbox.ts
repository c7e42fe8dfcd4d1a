import { sql, type Kysely } from 'kysely';
import type { InboxStorage, StoredWebhook, WebhookPlace } from '../inbox-storage.js';
import { IS_READABLE, IS_TO_LOOK_AT, IS_WAITING, type DeliveriesSchema } from '../sql/deliveries-schema.js';
import { windowEnd } from '../sql/webhook-window.js';
import type { GroupCommit } from './group-commit.js';

/** The unmatched webhooks in a SQLite file. */
export class SqliteInbox implements InboxStorage {
  readonly #db: Kysely<DeliveriesSchema>;
  readonly #commit: GroupCommit;

  constructor(db: Kysely<DeliveriesSchema>, commit: GroupCommit) {
    this.#db = db;
    this.#commit = commit;
  }

  async setAside(receivedBefore: number, at: number, limit: number): Promise<void> {
    await this.#commit.write((trx) =>
      trx
        .updateTable('delivery_events')
        .set({ set_aside_at: at })
        .where('id', 'in', (old) =>
          old
            .selectFrom('delivery_events')
            .select('id')
            .where(IS_WAITING)
            .where(IS_READABLE)
            .where('received_at', '<', receivedBefore)
            .orderBy('received_at')
            .limit(limit),
        )
        .execute(),
    );
  }

  async toLookAt(by: number, limit: number): Promise<readonly StoredWebhook[]> {
    return this.#db
      .selectFrom('delivery_events')
      .select(['id', 'payload', 'account', 'received_at as receivedAt'])
      .where(IS_TO_LOOK_AT)
      .where(IS_READABLE)
      .where('look_at', '<=', by)
      .orderBy('look_at')
      .orderBy('id')
      .limit(limit)
      .execute();
  }

  async matched(
    after: WebhookPlace | undefined,
    { window, limit }: { readonly window: number; readonly limit: number },
  ): Promise<{ readonly webhooks: readonly StoredWebhook[]; readonly reached: WebhookPlace | undefined }> {
    const from = after ?? { receivedAt: 0, id: 0 };
    const end = await windowEnd(this.#db, from, window);
    const to = end ?? { receivedAt: Number.MAX_SAFE_INTEGER, id: 0 };
    // SQLite does not reorder a cross join: it reads the window first, then finds each attempt by its index.
    const { rows: webhooks } = await sql<StoredWebhook>`
      select e.id, e.payload, e.account, e.received_at as "receivedAt"
      from delivery_events e cross join delivery_attempts a
      where ${IS_WAITING} and e.unreadable_at is null and e.look_at is null
        and (e.received_at, e.id) > (${from.receivedAt}, ${from.id})
        and (e.received_at, e.id) <= (${to.receivedAt}, ${to.id})
        and a.account = e.account and a.order_id = e.order_id
      order by e.received_at, e.id limit ${limit}`.execute(this.#db);
    const last = webhooks.at(-1);
    // The window contains more rows than the limit. The next search continues after the last one.
    if (last && webhooks.length === limit) return { webhooks, reached: { receivedAt: last.receivedAt, id: last.id } };
    return { webhooks, reached: end };
  }
}
