import type { Kysely, Selectable } from 'kysely';
import { readDeliveryEvent } from '../read-delivery-event.js';
import type { UnreadableRowsStorage } from '../unreadable-rows-storage.js';
import { UnreadableRow, type StoredRow } from '../unreadable-row.js';
import type { DeliveriesSchema, DeliveriesTable, DeliveryEventsTable } from '../sql/deliveries-schema.js';
import { recordOf } from '../sql/delivery-rows.js';
import type { WriteTransaction } from './write-transaction.js';

/** The batch size for marked rows. */
const BATCH = 200;

type WebhookCheck = Parameters<UnreadableRowsStorage['recheck']>[1];

/** The unreadable rows of a database. */
export class SqlUnreadableRows implements UnreadableRowsStorage {
  readonly #db: Kysely<DeliveriesSchema>;
  readonly #write: WriteTransaction;

  constructor(db: Kysely<DeliveriesSchema>, write: WriteTransaction) {
    this.#db = db;
    this.#write = write;
  }

  async mark({ table, id }: StoredRow, at: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#write((trx) =>
      trx
        .updateTable(table)
        .set({ unreadable_at: at })
        .where('id', '=', id)
        .where('unreadable_at', 'is', null)
        .executeTakeFirst(),
    );
    return numUpdatedRows > 0n;
  }

  async recheck(at: number, isReadableWebhook: WebhookCheck): Promise<{ deliveries: number; events: number }> {
    const deliveries = await this.#recheckAll<Selectable<DeliveriesTable>>({
      marked: (after) => this.#markedDeliveries(after),
      isReadable: (row) => isRead(() => recordOf(row)),
      unmark: (id) => this.#unmarkDelivery(id),
    });
    const events = await this.#recheckAll<Selectable<DeliveryEventsTable>>({
      marked: (after) => this.#markedEvents(after),
      isReadable: (row) => isReadableEvent(row, isReadableWebhook),
      unmark: (id) => this.#unmarkEvent(id, at),
    });
    return { deliveries, events };
  }

  /** @returns how many marked rows still cannot be read */
  async #recheckAll<Row extends { readonly id: string | number }>(steps: {
    readonly marked: (after: Row['id'] | undefined) => Promise<Row[]>;
    readonly isReadable: (row: Row) => boolean;
    readonly unmark: (id: Row['id']) => Promise<unknown>;
  }): Promise<number> {
    let left = 0;
    for (let rows = await steps.marked(undefined); rows.length > 0; rows = await steps.marked(rows.at(-1)?.id)) {
      const readable = rows.filter((row) => steps.isReadable(row));
      left += rows.length - readable.length;
      for (const { id } of readable) await steps.unmark(id);
    }
    return left;
  }

  #markedDeliveries(after = ''): Promise<Selectable<DeliveriesTable>[]> {
    const marked = this.#db.selectFrom('deliveries').selectAll().where('unreadable_at', 'is not', null);
    return marked.where('id', '>', after).orderBy('id').limit(BATCH).execute();
  }

  #markedEvents(after = 0): Promise<Selectable<DeliveryEventsTable>[]> {
    const marked = this.#db.selectFrom('delivery_events').selectAll().where('unreadable_at', 'is not', null);
    return marked.where('id', '>', after).orderBy('id').limit(BATCH).execute();
  }

  #unmarkDelivery(id: string): Promise<unknown> {
    return this.#write((trx) =>
      trx.updateTable('deliveries').set({ unreadable_at: null }).where('id', '=', id).execute(),
    );
  }

  /** The next sweep processes a webhook that can be read again. */
  #unmarkEvent(id: number, at: number): Promise<unknown> {
    return this.#write((trx) =>
      trx.updateTable('delivery_events').set({ unreadable_at: null, look_at: at }).where('id', '=', id).execute(),
    );
  }
}

function isReadableEvent(row: Selectable<DeliveryEventsTable>, isReadableWebhook: WebhookCheck): boolean {
  if (row.source === 'webhook') return isReadableWebhook(row);
  return isRead(() => readDeliveryEvent({ ...row, occurredAt: row.occurred_at }, { reference: '', account: '' }));
}

function isRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof UnreadableRow) return false;
    throw error;
  }
}
