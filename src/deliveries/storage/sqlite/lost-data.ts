import type { LoggerService } from '@nestjs/common';
import { say } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { Marker } from './database-lock.js';
import type { ProcessRow } from './process-row.js';
import { retiredPath } from './retire-file.js';
import { bootId, sizeOf, walProblem } from './wal-check.js';

/** Finds a problem of the database files before they are opened; `undefined` if there is none. */
export function filesProblem(path: string, marker: Marker | undefined): string | undefined {
  if (marker && sizeOf(path) === 0) {
    if (sizeOf(retiredPath(path)) > 0) {
      return `It was copied to PostgreSQL and renamed to ${retiredPath(path)}: start the app with postgresStorage`;
    }
    return `It is missing or empty, and ${path}.lock knows of ${marker.commits} transactions of it`;
  }
  return marker && marker.boot !== '' && marker.boot === bootId() ? walProblem(path) : undefined;
}

/** Finds a problem of the database contents; `undefined` if there is none. */
export function contentsProblem(
  found: ProcessRow | undefined,
  { databaseId, generation, commits }: Marker,
): string | undefined {
  if (found?.databaseId !== databaseId)
    return 'It is another database than the one that was here, or one from before an update';
  if (found.commits >= commits && found.generation >= generation) return undefined;
  const missing = `${Math.max(commits - found.commits, 0)} of its ${commits} transactions are missing`;
  return `It is older than when it was last open: ${missing}. It is a backup, or its -wal was lost`;
}

/** Rejects a database that has lost data, or logs a warning if the host accepts the loss. */
export class LostDataPolicy {
  #isSaid = false;

  constructor(
    private readonly file: string,
    private readonly isAccepted: boolean,
    private readonly logger: LoggerService,
  ) {}

  /** Whether data were lost, and the host accepts it. */
  get isLossAccepted(): boolean {
    return this.#isSaid;
  }

  /**
   * @param problem the lost data; `undefined` if there is none
   * @throws DeliveriesStoreException if the host does not accept the loss
   */
  check(problem: string | undefined): void {
    if (problem === undefined) return;
    const what = `The deliveries' file ${this.file} is not what it was. ${problem}.`;
    if (this.isAccepted) {
      // A lost WAL is detected twice: in the files, and in the contents.
      if (this.#isSaid) return;
      this.#isSaid = true;
      say(
        this.logger,
        'warn',
        `${what} This is accepted, as acceptRestored says. Unfinished deliveries order nothing until a person has ` +
          'resolved them. What your app books again that the file does not have gets a second courier.',
      );
      return;
    }
    throw new DeliveriesStoreException(
      `${what} Deliveries that were booked since are not known to it: a host that asks for them again gets a second ` +
        'courier. Stop what runs on it, put the file and its -wal back as they were, or remove its -wal and -shm and ' +
        "restore the newest backup. Compare it with Lalamove's orders, then accept it once: " +
        `npx lalamove-deliveries-migrate ${this.file} --accept-restored, ` +
        'or database: { acceptRestored: true } for one start.',
    );
  }
}
