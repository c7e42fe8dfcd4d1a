import { copyFileSync, cpSync, createReadStream, renameSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import type { DeliveriesService } from '../../src/deliveries/index.js';
import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';

/** Commands on a host's own files, or on its deliveries one by one. */
export type FileCommand =
  /** Copies like a host's backup. It drops the process's POSIX locks on the files that it reads. */
  | { readonly do: 'copy'; readonly how: 'copyFile' | 'stream' | 'folder'; readonly from: string; readonly to: string }
  | { readonly do: 'delete'; readonly path: string }
  /** Replaces the file by a copy of itself. */
  | { readonly do: 'replace'; readonly path: string }
  /** Writes the contents of another file into the file. */
  | { readonly do: 'overwrite'; readonly path: string; readonly by: string }
  | { readonly do: 'backup'; readonly path: string }
  /** Returns `done`, or the name and the status of the error, for each booking. */
  | { readonly do: 'book-each'; readonly bookings: readonly BookDeliveryDto[] }
  /** Calls each method of the service and returns its error. */
  | { readonly do: 'ask-all'; readonly reference: string };

/** Carries out a command. @returns the command's result */
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
