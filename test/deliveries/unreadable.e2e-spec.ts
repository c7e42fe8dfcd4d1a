import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { sql } from 'kysely';
import { OnLalamoveEvent, type LalamoveEvent } from 'nestjs-lalamove';
import { DeliveriesStoreException, type DeliveriesModuleOptions, type DeliveryPage } from 'nestjs-lalamove/deliveries';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveriesHost } from './deliveries-host.js';
import { Journal } from './journaled-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { FIRST_EVENTS } from '../webhooks/webhook-receiver.js';

/** Damages of a row, and the fault that is reported. */
const DAMAGE: [string, string, string][] = [
  ['a progress that is cut', 'progress = \'{"booked":0,\'', 'its progress is no JSON'],
  [
    'a progress of another version',
    'progress = \'{"steps":[]}\'',
    'its progress is not of a form that this version knows',
  ],
  ['an order of another version', "progress = json_set(progress, '$.order', 'x')", 'its progress is not of a form'],
  ['a request that is cut', 'request = substr(request, 1, 40)', 'its request is no JSON'],
  ['a state of another version', "state = 'teleporting'", 'its state "teleporting" is none that this version knows'],
  ['a time that is none', "updated_at = 'yesterday'", 'its updated_at is no number of ms'],
];

@Injectable()
class WebhookJournal {
  readonly events: LalamoveEvent[] = [];

  @OnLalamoveEvent('*')
  on(event: LalamoveEvent): void {
    this.events.push(event);
  }
}

describe('a row that cannot be read', () => {
  const errors: string[] = [];
  let host: DeliveriesHost;
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
    errors.length = 0;
    for (const level of ['error', 'warn'] as const) {
      jest.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => errors.push(String(line)));
    }
  });

  afterEach(async () => {
    await host.stop();
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  async function start(deliveries: DeliveriesModuleOptions = {}, drivers: 'still' | 'prompt' = 'still'): Promise<void> {
    host = await DeliveriesHost.start({
      sandbox: { drivers },
      deliveries: { database: { file: join(folder, 'deliveries.db') }, sweepSeconds: 30, ...deliveries },
      more: { providers: [Journal, WebhookJournal] },
    });
  }

  async function book(...references: string[]): Promise<void> {
    for (const reference of references) {
      await host.deliveries.book(bookingOf(reference));
      // Each row has its place in a list.
      await host.clock.advance('1s');
    }
  }

  const run = (statement: string): Promise<unknown> => sql.raw(statement).execute(host.deliveries.database);
  const references = ({ deliveries }: DeliveryPage): string[] => deliveries.map(({ reference }) => reference);
  const unreadable = async (): Promise<number> => (await host.deliveries.metrics()).unreadable;

  describe.each(DAMAGE)('with %s', (_, damage, fault) => {
    it('is reported once with its fault, and does not block the lists and the work of other rows', async () => {
      await start();
      await book('A-1', 'A-2', 'A-3');
      await run(`update deliveries set ${damage}, due_at = 0 where reference = 'A-2'`);
      await host.clock.advance('10m');
      const page = await host.deliveries.list({ limit: 2 });
      expect(references(page)).toEqual(['A-1']);
      expect(page.unreadable).toEqual([{ reference: 'A-2', account: undefined }]);
      const next = await host.deliveries.list({ limit: 2, cursor: page.cursor ?? '' });
      expect(next).toMatchObject({ deliveries: [{ reference: 'A-3' }], unreadable: [] });
      const refusal: unknown = await host.deliveries.get('A-2').catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(DeliveriesStoreException);
      expect(String(refusal)).toContain(`The delivery "A-2" cannot be read: ${fault}`);
      // The delivery is not booked a second time either.
      await expect(host.deliveries.book(bookingOf('A-2'))).rejects.toThrow(DeliveriesStoreException);
      expect(errors).toEqual([expect.stringMatching(/A row cannot be read.*table=deliveries .*delivery=A-2 /)]);
      expect(errors[0]).toContain(fault);
      expect(errors.join()).not.toContain('Ada');
      expect(await host.deliveries.metrics()).toMatchObject({ unreadable: 1, lagMs: 0 });
      await book('A-4');
      expect(await host.deliveries.get('A-4')).toMatchObject({ state: 'assigning' });
      expect(host.sandbox.ledgerFor({ reference: 'A-2' }).live).toHaveLength(1);
    });
  });

  it('is reported by list() and get() before it is due', async () => {
    await start();
    await book('A-1', 'A-2');
    await run("update deliveries set progress = '', due_at = null");
    expect((await host.deliveries.list()).unreadable).toHaveLength(2);
    await expect(host.deliveries.get('A-1')).rejects.toThrow('its progress is no JSON');
    await expect(host.deliveries.timeline('A-1')).rejects.toThrow('its progress is no JSON');
    expect(await unreadable()).toBe(2);
    expect(errors).toHaveLength(2);
  });

  it('is worked on again after it was repaired and the app restarted', async () => {
    const isDeaf = { start: () => undefined, wake: () => undefined, stop: () => Promise.resolve() };
    await start({ queue: isDeaf, sweepSeconds: 3600 });
    await host.deliveries.book(bookingOf('A-1'));
    await host.deliveries.book(bookingOf('A-2'));
    const damaged = "update deliveries set progress = substr(progress, 2) where reference = 'A-1'";
    await run(damaged);
    await run(damaged.replace('A-1', 'A-2'));
    await host.deliveries.list();
    expect(await unreadable()).toBe(2);
    await run("update deliveries set progress = '{' || progress where reference = 'A-1'");
    await host.stop();
    errors.length = 0;
    await start();
    await host.settle();
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning', attempts: 1 });
    expect(await unreadable()).toBe(1);
    expect(errors).toEqual([expect.stringContaining('deliveries=1 events=0')]);
  });

  it('does not prevent the identification of another delivery’s order', async () => {
    await start({}, 'prompt');
    host.sandbox.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset' });
    await book('A-1');
    await run("update deliveries set progress = '', due_at = 0 where reference = 'A-1'");
    await host.clock.advance('1m');
    host.sandbox.addFault({ webhook: 'lost', event: FIRST_EVENTS, times: FIRST_EVENTS.length });
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await book('A-2');
    expect(await host.deliveries.get('A-2')).toMatchObject({ state: 'booking' });
    // As soon as a webhook arrives, and not only when the quotation has expired.
    await host.clock.advance('1m');
    const [orderId] = host.sandbox.ledgerFor({ reference: 'A-2' }).orderIds;
    expect(await host.deliveries.get('A-2')).toMatchObject({ orderId });
  });

  describe('of a webhook', () => {
    it('is reported once, is not set aside, and is applied as soon as it can be read', async () => {
      await start({ sweepSeconds: 600 });
      await book('A-1');
      // As if applying it had failed.
      await run(`update delivery_events set payload = substr(payload, 2), applied_at = null, look_at = 0
        where source = 'webhook'`);
      const { rows } = await sql`select 1 from delivery_events where source = 'webhook'`.execute(
        host.deliveries.database,
      );
      await host.clock.advance('1h');
      await host.clock.advance('26h');
      const reported = errors.filter((line) => line.includes('table=delivery_events'));
      expect(reported).toHaveLength(rows.length);
      expect(errors.join()).not.toContain('could not take its effect');
      const counts = await host.deliveries.metrics();
      expect(counts).toMatchObject({ unreadable: rows.length, setAsideUnmatched: 0 });
      await run("update delivery_events set payload = '{' || payload where source = 'webhook'");
      await host.stop();
      await start();
      await host.settle();
      expect(await host.deliveries.metrics()).toMatchObject({ unreadable: 0, unmatched: 0, setAsideUnmatched: 0 });
    });

    it('goes to no handler until it can be read, and does not block the others', async () => {
      const isDeaf = { start: () => undefined, wake: () => undefined, stop: () => Promise.resolve() };
      await start({}, 'prompt');
      await book('A-1');
      await host.clock.advance('2h');
      await run(`update delivery_events set dispatch = 'pending', handled_by = '[]', next_try_at = 0,
        payload = case when id % 2 = 0 then substr(payload, 2) else payload end`);
      const rows = await host.deliveries.database.selectFrom('delivery_events').selectAll().orderBy('id').execute();
      const journals = (): number[] => [
        host.app.get(Journal).events.length,
        host.app.get(WebhookJournal).events.length,
      ];
      const before = journals();
      await host.clock.advance('1h');
      const of = (source: string, rest: number): number =>
        rows.filter((row) => row.source === source && row.id % 2 === rest).length;
      const events = (rest: number): number[] => [of('delivery', rest), of('webhook', rest)];
      expect(journals()).toEqual(before.map((count, index) => count + (events(1)[index] ?? 0)));
      const damaged = of('delivery', 0) + of('webhook', 0);
      expect(await host.deliveries.metrics()).toMatchObject({ unreadable: damaged, pendingEvents: 0 });
      expect(errors).toHaveLength(damaged);
      await run("update delivery_events set payload = '{' || payload where id % 2 = 0");
      await host.stop();
      await start({ queue: isDeaf });
      await host.settle();
      expect(journals()).toEqual(events(0));
      expect(await host.deliveries.metrics()).toMatchObject({ unreadable: 0, pendingEvents: 0 });
    });
  });

  it('of an event still has an entry in the timeline', async () => {
    await start();
    await book('A-1');
    await run("update delivery_events set payload = 'x' where type = 'quoted'");
    const lines = await host.deliveries.timeline('A-1');
    expect(lines.filter(({ source }) => source === 'delivery')).toHaveLength(2);
    expect(lines).toContainEqual({
      source: 'unreadable',
      at: '2026-12-01T08:00:00.000Z',
      eventType: 'quoted',
      eventId: expect.any(Number),
    });
    expect(await unreadable()).toBe(1);
  });

  it('with damaged data about handled events does not block the event', async () => {
    await start();
    await book('A-1');
    const before = host.app.get(Journal).events.length;
    await run(
      `update delivery_events set dispatch = 'pending', handled_by = '[', next_try_at = 0 where type = 'quoted'`,
    );
    await host.clock.advance('1m');
    expect(host.app.get(Journal).events).toHaveLength(before + 1);
    expect(errors).toEqual([]);
  });

  it('of a webhook is erased with its delivery', async () => {
    await start({ retentionDays: 0.2, sweepSeconds: 600 }, 'prompt');
    await book('A-1');
    await host.clock.advance('2h');
    await run("update delivery_events set payload = 'x' || payload where source = 'webhook'");
    await host.clock.advance('6h');
    const rows = await host.deliveries.database.selectFrom('delivery_events').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain('85251234567');
    expect(errors).toEqual([]);
  });
});
