import { ConsoleLogger } from '@nestjs/common';
import { writeJournal } from './journal.js';

const UNKEPT = /^The result of an event could not be stored.*\(event=(\d+) /;

/**
 * The logger of a host. It writes to the journal which results of handlers the host could not store: only these events
 * may be given to a handler of this process again after a success.
 */
export class UnkeptResults extends ConsoleLogger {
  constructor(
    private readonly journal: string | undefined,
    isShown: boolean,
  ) {
    super({ logLevels: isShown ? ['error', 'warn'] : [] });
  }

  override error(line: unknown, ...more: readonly unknown[]): void {
    super.error(line, ...more);
    const [, id] = UNKEPT.exec(String(line)) ?? [];
    if (id !== undefined) writeJournal(this.journal, { unkept: Number(id), pid: process.pid });
  }
}
