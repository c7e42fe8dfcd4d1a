import type { StoredRow } from './unreadable-row.js';

/** Rows that cannot be read: they are marked, and left alone until the next start. */
export interface UnreadableRowsStorage {
  /** @returns whether it was not marked yet */
  mark(row: StoredRow, at: number): Promise<boolean>;
  /**
   * Removes the marks of rows that can be read by now.
   *
   * @param isReadableWebhook looks into a webhook, which the storage cannot read by itself
   * @returns how many rows still cannot be read
   */
  recheck(
    at: number,
    isReadableWebhook: (webhook: { readonly id: number; readonly payload: string }) => boolean,
  ): Promise<{ readonly deliveries: number; readonly events: number }>;
}
