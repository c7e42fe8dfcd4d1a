import type { LoggerService } from '@nestjs/common';
import { writeJournal } from './journal.js';

const UNKEPT = /^What became of an event could not be kept.*\(event=(\d+) /;

/**
 * The logger of a host. It writes to the journal which results of handlers the host could not store: only these events
 * may be given to a handler of this process again after a success.
 */
export class UnkeptResults implements LoggerService {
  constructor(
    private readonly journal: string | undefined,
    private readonly isShown: boolean,
  ) {}

  log(): void {
    // Only warnings and errors are shown.
  }

  warn(line: unknown): void {
    if (this.isShown) console.warn(line);
  }

  error(line: unknown): void {
    if (this.isShown) console.error(line);
    const [, id] = UNKEPT.exec(String(line)) ?? [];
    if (id !== undefined) writeJournal(this.journal, { unkept: Number(id), pid: process.pid });
  }
}
