import type { LoggerService } from '@nestjs/common';
import type { Selectable } from 'kysely';
import { logLine, say } from '../../internal/log-line.js';
import type { DeliveriesTable, DeliveryEventsTable } from '../storage/sqlite/deliveries-schema.js';
import { deliveryEventOf, recordOf } from '../storage/delivery-record.js';
import type { DeliveryStore } from '../storage/sqlite/delivery-store.js';
import { REMEDY, UnreadableRow, type RowOfOurs } from '../storage/sqlite/unreadable-row.js';
import { updateOf } from '../storage/webhook-updates.js';

/** What it works with. */
export interface UnreadableRowsParts {
  readonly store: DeliveryStore;
  readonly logger: LoggerService;
  readonly now: () => number;
}

/**
 * Rows that cannot be read: each is marked and reported once, and left alone until the next start, which looks
 * whether it can be read by then.
 */
export class UnreadableRows {
  constructor(private readonly parts: UnreadableRowsParts) {}

  /**
   * Marks the row that an error is about, and reports it unless it is marked already.
   *
   * @returns whether the error was about such a row
   */
  async found(error: unknown): Promise<boolean> {
    if (!(error instanceof UnreadableRow)) return false;
    const { row, fault } = error;
    if (await this.#mark(row)) {
      const { table, id, reference: delivery } = row;
      const told = { table, id, delivery, fault, remedy: REMEDY };
      say(this.parts.logger, 'error', logLine('A row cannot be read, and is left alone until the next start', told));
    }
    return true;
  }

  /** Takes the mark from rows that can be read by now: they were repaired, or this version knows them. */
  async lookAgain(): Promise<void> {
    const { db } = this.parts.store;
    const deliveries = await this.#again('deliveries', isReadableDelivery, (after) =>
      db
        .selectFrom('deliveries')
        .selectAll()
        .where('unreadable_at', 'is not', null)
        .where('id', '>', after ?? '')
        .orderBy('id')
        .limit(BATCH)
        .execute(),
    );
    const events = await this.#again('delivery_events', isReadableEvent, (after) =>
      db
        .selectFrom('delivery_events')
        .selectAll()
        .where('unreadable_at', 'is not', null)
        .where('id', '>', after ?? 0)
        .orderBy('id')
        .limit(BATCH)
        .execute(),
    );
    if (deliveries + events === 0) return;
    const told = { deliveries, events, remedy: REMEDY };
    say(this.parts.logger, 'warn', logLine('Rows still cannot be read, and are left alone', told));
  }

  /** @returns how many of a table's marked rows still cannot be read */
  async #again<Row extends { readonly id: string | number }>(
    table: RowOfOurs['table'],
    isReadable: (row: Row) => boolean,
    marked: (after: Row['id'] | undefined) => Promise<Row[]>,
  ): Promise<number> {
    let left = 0;
    for (let rows = await marked(undefined); rows.length > 0; rows = await marked(rows.at(-1)?.id)) {
      const readable = rows.filter((row) => isReadable(row));
      left += rows.length - readable.length;
      for (const { id } of readable) await this.#set({ table, id }, null);
    }
    return left;
  }

  /** @returns whether it was not marked yet */
  async #mark(row: RowOfOurs): Promise<boolean> {
    return this.#set(row, this.parts.now());
  }

  /** @returns whether that has changed anything */
  async #set({ table, id }: RowOfOurs, at: number | null): Promise<boolean> {
    // A webhook that can be read again is looked at by the next sweep.
    const isReadAgain = table === 'delivery_events' && at === null;
    const { numUpdatedRows } = await this.parts.store.write((trx) =>
      trx
        .updateTable(table)
        .set({ unreadable_at: at, ...(isReadAgain && { look_at: this.parts.now() }) })
        .where('id', '=', id)
        .where('unreadable_at', at === null ? 'is not' : 'is', null)
        .executeTakeFirst(),
    );
    return numUpdatedRows > 0n;
  }
}

/** How many marked rows are looked at together. */
const BATCH = 200;

function isReadableDelivery(row: Selectable<DeliveriesTable>): boolean {
  return isRead(() => recordOf(row));
}

function isReadableEvent(row: Selectable<DeliveryEventsTable>): boolean {
  return isRead(() =>
    row.source === 'webhook' ? updateOf(row) : deliveryEventOf(row, { reference: '', account: '' }),
  );
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
