import type { LoggerService } from '@nestjs/common';
import { logLine, say } from '../../internal/log-line.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import { REMEDY, UnreadableRow } from '../storage/unreadable-row.js';
import { readWebhook } from './webhook-updates.js';

/** The dependencies of {@link UnreadableRows}. */
export interface UnreadableRowsParts {
  readonly storage: Pick<DeliveriesStorage, 'unreadable'>;
  readonly logger: LoggerService;
  readonly now: () => number;
}

/**
 * Handles rows that cannot be read. Each one is marked and reported once, and then skipped until the next start, which
 * checks again whether it can be read.
 */
export class UnreadableRows {
  constructor(private readonly parts: UnreadableRowsParts) {}

  /**
   * Marks the unreadable row of an error. It reports the row if it was not marked before.
   *
   * @returns whether the error is about an unreadable row
   */
  async found(error: unknown): Promise<boolean> {
    if (!(error instanceof UnreadableRow)) return false;
    const { storage, logger, now } = this.parts;
    const { row, fault } = error;
    if (await storage.unreadable.mark(row, now())) {
      const { table, id, reference: delivery } = row;
      const fields = { table, id, delivery, fault, remedy: REMEDY };
      say(logger, 'error', logLine('A row cannot be read, and is left alone until the next start', fields));
    }
    return true;
  }

  /**
   * Returns the result of a read. If a row cannot be read, it reports the row.
   *
   * @throws the error of the read
   */
  async reported<T>(read: Promise<T>): Promise<T> {
    return read.catch(async (error: unknown) => {
      await this.found(error);
      throw error;
    });
  }

  /** Removes the marks of rows that can be read now, because they were repaired or because this version reads them. */
  async lookAgain(): Promise<void> {
    const { storage, logger, now } = this.parts;
    const { deliveries, events } = await storage.unreadable.recheck(now(), isReadableWebhook);
    if (deliveries + events === 0) return;
    say(
      logger,
      'warn',
      logLine('Rows still cannot be read, and are left alone', { deliveries, events, remedy: REMEDY }),
    );
  }
}

function isReadableWebhook(webhook: { readonly id: number; readonly payload: string }): boolean {
  try {
    readWebhook(webhook);
    return true;
  } catch (error) {
    if (error instanceof UnreadableRow) return false;
    throw error;
  }
}
