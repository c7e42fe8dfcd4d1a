import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { CompiledQuery } from 'kysely';
import Database from 'libsql';
import { signWebhook } from 'nestjs-lalamove';
import {
  DeliveriesModule,
  DeliveriesStoreException,
  openDatabase,
  type DeliveriesQueue,
} from 'nestjs-lalamove/deliveries';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveriesHost, type DeliveriesHostOptions } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { failureOf } from '../support/lalamove.js';
import { until } from '../support/until.js';
import { Journal } from './journaled-host.js';

/** A queue that loses every wake. */
class DeafQueue implements DeliveriesQueue {
  start(): void {
    // It never starts any work.
  }

  wake(): Promise<void> {
    return Promise.reject(new Error('The queue was flushed.'));
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

const PROMPT = { sandbox: { drivers: 'prompt' }, more: { providers: [Journal] } } satisfies DeliveriesHostOptions;

describe('the storage of deliveries', () => {
  let host: DeliveriesHost;
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await host.stop();
    rmSync(folder, { recursive: true });
  });

  it('stores no secret of an account, and keeps deliveries over a restart', async () => {
    const file = join(folder, 'deliveries.db');
    host = await DeliveriesHost.start({ ...PROMPT, deliveries: { database: { file } } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('2h');
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'completed' });
    const bytes = (): string =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'latin1'))
        .join('');
    // The search itself works, because it finds the reference.
    expect(bytes()).toContain('A-1');
    expect(bytes()).not.toContain(host.sandbox.apiSecret);
    await host.app.close();
    await host.app.close();
    expect(readdirSync(folder)).toEqual(['deliveries.db', 'deliveries.db.lock']);
    expect(bytes()).not.toContain(host.sandbox.apiSecret);
    const db = await openDatabase({ file, migrate: false });
    expect(await db.selectFrom('deliveries').select('state').execute()).toEqual([{ state: 'completed' }]);
    await db.destroy();
    // The commits wait for the disk, which may be busy.
  }, 20_000);

  it('logs an order that Lalamove answers with after the app has shut down', async () => {
    const lines: string[] = [];
    const error = (line: unknown): void => {
      lines.push(String(line));
    };
    const logger = { log: () => undefined, warn: () => undefined, error };
    host = await DeliveriesHost.start({ ...PROMPT, webhooks: false, deliveries: { shutdownMs: 20, logger } });
    host.sandbox.addFault({ call: 'placeOrder', latencyMs: 1500 });
    await host.deliveries.book(bookingOf('A-1'));
    await until(() => host.sandbox.requests.some(({ method, path }) => method === 'POST' && path === '/v3/orders'));
    const { id: attempt } = await host.deliveries.database
      .selectFrom('delivery_attempts')
      .select('id')
      .executeTakeFirstOrThrow();
    await host.app.close();
    expect(lines).toEqual([expect.stringMatching(/^The app shuts down while an order is posted: /)]);
    await until(() => lines.length > 1, 5000);
    const [orderId = ''] = host.sandbox.ledgerFor({ reference: 'A-1' }).orderIds;
    expect(lines[1]).toContain(
      'An order was placed but could not be stored; its outcome stays unknown: call resolve({ orderId }) ' +
        `(delivery=A-1 attempt=${attempt} order=${orderId} error=`,
    );
    // A later call is rejected with the reason.
    const refusal = await failureOf(host.deliveries.get('A-1'));
    expect(refusal).toMatchObject({ name: 'DeliveriesStoreException', retryable: false });
  }, 20_000);

  it('can be backed up only to a new file, and explains why another target is refused', async () => {
    const file = join(folder, 'deliveries.db');
    host = await DeliveriesHost.start({ ...PROMPT, deliveries: { database: { file } } });
    await host.deliveries.book(bookingOf('A-1'));
    writeFileSync(join(folder, 'text'), '');
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    symlinkSync(folder, join(folder, 'same'));
    const before = readdirSync(folder);
    const refused = async (target: unknown, message: string): Promise<void> => {
      const refusal = await failureOf(host.deliveries.backup(target as string));
      expect(refusal).toBeInstanceOf(DeliveriesStoreException);
      expect(refusal.message).toContain(message);
    };
    for (const name of ['text/a.db', 'x'.repeat(250), 'a\0b.db']) {
      await refused(join(folder, name), 'Give the path of a new file, in a folder');
    }
    for (const target of [5, undefined, Symbol('a.db'), ['a.db']]) await refused(target, 'Give the path of a new file');
    for (const name of ['', 'text', 'link', 'deliveries.db', 'deliveries.db-wal', 'deliveries.db.lock']) {
      await refused(join(folder, name), 'exists already');
    }
    for (const name of ['deliveries.db-journal', 'same/deliveries.db-journal', 'DELIVERIES.db-journal']) {
      await refused(join(folder, name), 'would be a file of the database itself');
    }
    expect(readdirSync(folder)).toEqual(before);
    await host.deliveries.book(bookingOf('A-2'));
  });

  it('is backed up by only one of several calls with the same target', async () => {
    const file = join(folder, 'deliveries.db');
    host = await DeliveriesHost.start({ ...PROMPT, deliveries: { database: { file } } });
    await host.deliveries.book(bookingOf('A-1'));
    const target = join(folder, 'backups', 'one.db');
    const ends = await Promise.allSettled(Array.from({ length: 8 }, () => host.deliveries.backup(target)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const end of ends) {
      if (end.status === 'rejected') expect(String(end.reason)).toContain('exists already');
    }
    expect(readdirSync(join(folder, 'backups'))).toEqual(['one.db']);
    const db = await openDatabase({ file: target });
    expect(await db.selectFrom('deliveries').select('reference').execute()).toEqual([{ reference: 'A-1' }]);
    await db.destroy();
  });

  it('refuses a database of the host', async () => {
    const kysely = { selectFrom: () => undefined, transaction: () => undefined };
    const options: object = { database: { kysely } };
    const module = Test.createTestingModule({ imports: [DeliveriesModule.forRoot(options)] });
    const refusal = await failureOf(module.compile());
    expect(refusal.message).toContain('database.kysely is not supported');
    expect(refusal.message).toContain("Use database: { file: 'deliveries.db' }");
    host = await DeliveriesHost.start();
  });

  it('uses an index in every query, from the booking to the end', async () => {
    const prepared = jest.spyOn(Database.prototype, 'prepare');
    host = await DeliveriesHost.start({
      ...PROMPT,
      sandbox: { drivers: 'prompt', unknowns: { orderCreated: 'after-answer' } },
      deliveries: { retentionDays: 1 },
    });
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('2h');
    await host.deliveries.book(bookingOf('A-2'));
    await host.settle();
    await host.deliveries.cancel('A-2');
    await host.deliveries.timeline('A-1');
    await host.runtime.sweep();
    await host.settle();
    // The queries at start are about SQLite's own tables, all leases, or a file of the previous version.
    const ofAnotherVersion = /"strays"|replace\(progress/;
    const ofStart = /sqlite_schema|sqlite_master|pragma_table_info|delivery_migrations|"lease_token" is not null$/;
    const isOfStart = (text: string): boolean => ofStart.test(text) || ofAnotherVersion.test(text);
    const queries = new Set(prepared.mock.calls.map(([text]) => text));
    const read = [...queries].filter((text) => /^\s*(select|update|delete)/.test(text) && !isOfStart(text));
    expect(read.length).toBeGreaterThan(15);
    const scans: string[] = [];
    for (const text of read) {
      const explained = CompiledQuery.raw(`explain query plan ${text}`, Array(text.split('?').length - 1).fill(null));
      const { rows } = await host.deliveries.database.executeQuery<{ detail: string }>(explained);
      for (const { detail } of rows)
        if ((detail.startsWith('SCAN') && !detail.includes('INDEX')) || detail.includes('rowid>'))
          scans.push(`${detail}: ${text}`);
    }
    expect(scans).toEqual([]);
  });

  it('completes deliveries by the sweeper alone if the queue loses every wake', async () => {
    host = await DeliveriesHost.start({ ...PROMPT, deliveries: { queue: new DeafQueue(), sweepSeconds: 60 } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'requested' });
    await host.clock.advance('2h');
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'completed', attempts: 1 });
  });

  it('works although hooks throw at every step', async () => {
    const onStep = (): never => {
      throw new Error('The hook is broken.');
    };
    host = await DeliveriesHost.start({ ...PROMPT, deliveries: { hooks: { onStep } } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('2h');
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'completed', attempts: 1 });
    const { unmatched, pendingEvents } = await host.deliveries.metrics();
    expect({ unmatched, pendingEvents }).toEqual({ unmatched: 0, pendingEvents: 0 });
  });

  it('keeps webhooks of unknown orders for a while, then sets them aside, and counts them', async () => {
    host = await DeliveriesHost.start({ ...PROMPT, deliveries: { unmatchedHours: 1 } });
    const { apiKey, apiSecret: secret } = host.sandbox;
    const body = (eventId: string): string =>
      signWebhook({
        ...{ apiKey, secret, path: '/webhooks/lalamove', eventId },
        timestamp: Math.floor(host.clock.now() / 1000),
        data: {
          order: { orderId: '999', status: 'ON_GOING', previousStatus: 'ASSIGNING_DRIVER' },
          updatedAt: '2026-12-01T08:00.00Z',
        },
      }).body;
    const send = async (text: string): Promise<number> =>
      (
        await fetch(`${host.url}/webhooks/lalamove`, {
          method: 'POST',
          body: text,
          headers: { 'content-type': 'application/json' },
        })
      ).status;
    expect(await Promise.all(Array.from({ length: 20 }, () => send(body('e-1'))))).toEqual(Array(20).fill(200));
    await host.settle();
    expect(await host.deliveries.metrics()).toMatchObject({ unmatched: 1, setAsideUnmatched: 0 });
    await host.clock.advance('59m');
    expect(await host.deliveries.metrics()).toMatchObject({ unmatched: 1, setAsideUnmatched: 0 });
    await host.clock.advance('2m');
    expect(await host.deliveries.metrics()).toMatchObject({ unmatched: 0, setAsideUnmatched: 1 });
    // During the shutdown the webhook is refused, so that Lalamove sends it again.
    await host.runtime.stop();
    expect(await send(body('e-2'))).toBe(503);
  });
});
