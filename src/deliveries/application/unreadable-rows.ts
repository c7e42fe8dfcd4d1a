import type { LoggerService } from '@nestjs/common';
import { logLine, say } from '../../internal/log-line.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import { REMEDY, UnreadableRow } from '../storage/unreadable-row.js';
import { readWebhook } from './webhook-updates.js';

/** What it works with. */
export interface UnreadableRowsParts {
  readonly storage: Pick<DeliveriesStorage, 'unreadable'>;
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
   * What is read, or the error of reading it.
   *
   * @throws the error, which is reported if it is about a row that cannot be read
   */
  async reported<T>(read: Promise<T>): Promise<T> {
    return read.catch(async (error: unknown) => {
      await this.found(error);
      throw error;
    });
  }

  /** Removes the mark from rows that can be read by now: they were repaired, or this version knows them. */
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
