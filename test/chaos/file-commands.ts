import { copyFileSync, cpSync, createReadStream, renameSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import type { DeliveriesService } from '../../src/deliveries/index.js';
import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';

/** What a host does to its own files, or asks its deliveries one by one. */
export type FileCommand =
  /** As hosts make their backups; it drops the process's POSIX locks on what it reads. */
  | { readonly do: 'copy'; readonly how: 'copyFile' | 'stream' | 'folder'; readonly from: string; readonly to: string }
  | { readonly do: 'delete'; readonly path: string }
  /** Puts a copy of the file in its place. */
  | { readonly do: 'replace'; readonly path: string }
  /** Writes another file over it, which stays the same file. */
  | { readonly do: 'overwrite'; readonly path: string; readonly by: string }
  | { readonly do: 'backup'; readonly path: string }
  /** Answers `booked`, or the name and the status of what it throws. */
  | { readonly do: 'book-each'; readonly bookings: readonly BookDeliveryDto[] }
  /** What each method of the service throws. */
  | { readonly do: 'ask-all'; readonly reference: string };

export async function answerFileCommand(command: FileCommand, deliveries: DeliveriesService): Promise<unknown> {
  switch (command.do) {
    case 'copy':
      return copy(command);
    case 'delete':
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${command.path}${suffix}`, { force: true });
      return undefined;
    case 'replace':
      copyFileSync(command.path, `${command.path}.copy`);
      renameSync(`${command.path}.copy`, command.path);
      return undefined;
    case 'overwrite':
      copyFileSync(command.by, command.path);
      return undefined;
    case 'backup':
      return deliveries.backup(command.path);
    case 'book-each':
      return Promise.all(command.bookings.map((booking) => endOf(deliveries.book(booking))));
    case 'ask-all':
      return askAll(deliveries, command.reference);
  }
}

async function copy({ how, from, to }: Extract<FileCommand, { do: 'copy' }>): Promise<void> {
  if (how === 'copyFile') copyFileSync(from, to);
  else if (how === 'folder') cpSync(from, to, { recursive: true });
  else await once(createReadStream(from).resume(), 'close');
}

async function askAll(deliveries: DeliveriesService, reference: string): Promise<Record<string, string>> {
  const asked = {
    find: deliveries.find(reference),
    get: deliveries.get(reference),
    cancel: deliveries.cancel(reference),
    resolve: deliveries.resolve(reference, { rebook: true }),
    list: deliveries.list(),
    timeline: deliveries.timeline(reference),
    forget: deliveries.forget(reference),
    metrics: deliveries.metrics(),
  };
  const ends = Object.entries(asked).map(async ([name, asking]) => [name, await endOf(asking)] as const);
  return Object.fromEntries(await Promise.all(ends));
}

async function endOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    const status = 'mirrorStatus' in error ? ` ${String(error.mirrorStatus)}` : '';
    return `${error.name}${status}`;
  }
}
