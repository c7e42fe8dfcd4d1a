import type { StoredRow } from './unreadable-row.js';

/** Rows that cannot be read. They are marked, and skipped until the next start. */
export interface UnreadableRowsStorage {
  /** @returns whether the row had no mark before */
  mark(row: StoredRow, at: number): Promise<boolean>;
  /**
   * Removes the marks of rows that can be read now.
   *
   * @param isReadableWebhook checks a webhook, because the storage cannot read webhooks itself
   * @returns how many rows still cannot be read
   */
  recheck(
    at: number,
    isReadableWebhook: (webhook: { readonly id: number; readonly payload: string }) => boolean,
  ): Promise<{ readonly deliveries: number; readonly events: number }>;
}
