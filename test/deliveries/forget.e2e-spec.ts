import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { OnLalamoveEvent, type LalamoveEvent } from 'nestjs-lalamove';
import {
  DeliveryConflictException,
  OnDelivery,
  type DeliveriesModuleOptions,
  type DeliveryEvent,
} from 'nestjs-lalamove/deliveries';
import { DELIVERIES_STORAGE } from '../../src/deliveries/deliveries.providers.js';
import type { DeliveriesStorage } from '../../src/deliveries/storage/storage.js';
import { DeliveriesHost } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';

/** Handlers that fail as long as the test wants it. */
@Injectable()
class Handlers {
  isFailing = false;
  /** The type of delivery event whose handler fails. */
  failsOn = '';
  seen: LalamoveEvent[] = [];

  @OnLalamoveEvent('*')
  on(event: LalamoveEvent): void {
    if (this.isFailing) throw new Error('could not text Ada on +85251234567');
    this.seen.push(event);
  }

  @OnDelivery('*')
  onDelivery({ type }: DeliveryEvent): void {
    if (this.failsOn === type) throw new Error('could not text Ada on +85251234567');
  }
}

describe('forget() of a delivery whose webhooks wait for their handlers', () => {
  let host: DeliveriesHost;

  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  });

  afterEach(async () => {
    await host.stop();
    jest.restoreAllMocks();
  });

  /** A completed delivery whose handlers have failed. */
  async function completed(deliveries: DeliveriesModuleOptions = {}): Promise<void> {
    host = await DeliveriesHost.start({
      sandbox: { drivers: 'prompt' },
      more: { providers: [Handlers] },
      deliveries: { policy: { poll: false }, ...deliveries },
    });
    await host.deliveries.book(bookingOf('A-1'));
    while ((await host.deliveries.get('A-1')).state !== 'completed') await host.clock.advance('1m');
    // In one step, because an event is set aside after nine minutes of failures.
    handlers().isFailing = true;
    handlers().seen = [];
    const due = { dispatch: 'pending', handled_by: '[]', tries: 0, next_try_at: host.clock.now() };
    await host.deliveries.database
      .updateTable('delivery_events')
      .set(due)
      .where('delivery_id', 'is not', null)
      .where('source', '=', 'webhook')
      .execute();
    await host.clock.advance('1m');
  }

  const handlers = (): Handlers => host.app.get(Handlers);

  async function stored(): Promise<string> {
    const rows = await host.deliveries.database.selectFrom('delivery_events').selectAll().execute();
    const deliveries = await host.deliveries.database.selectFrom('deliveries').selectAll().execute();
    return JSON.stringify([rows, deliveries]);
  }

  it('is refused with the number of webhooks and a remedy, and succeeds after the handlers have run', async () => {
    await completed();
    const { pendingEvents } = await host.deliveries.metrics();
    expect(pendingEvents).toBeGreaterThan(0);
    const refusal: unknown = await host.deliveries.forget('A-1').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DeliveryConflictException);
    expect(String(refusal)).toContain(`has ${pendingEvents} webhooks that still wait for their handlers`);
    expect(String(refusal)).toContain('the log says why');
    expect(await stored()).toContain('+85251234567');
    handlers().isFailing = false;
    await host.clock.advance('1h');
    // The handlers received the complete events, not erased ones.
    expect(JSON.stringify(handlers().seen)).toContain('TestDriver');
    await host.deliveries.forget('A-1');
    expect(await stored()).not.toContain('85251234567');
    expect(await stored()).not.toContain('TestDriver');
  });

  it('succeeds after the webhooks were set aside, and erases them too', async () => {
    await completed();
    await host.clock.advance('3h');
    expect(await host.deliveries.metrics()).toMatchObject({ pendingEvents: 0, setAsideEvents: expect.any(Number) });
    expect((await host.deliveries.metrics()).setAsideEvents).toBeGreaterThan(0);
    await host.deliveries.forget('A-1');
    expect(await stored()).not.toContain('85251234567');
    expect(await stored()).not.toContain('TestDriver');
    expect(await host.deliveries.metrics()).toMatchObject({ setAsideEvents: 0 });
  });

  it('is postponed by retentionDays, which goes on with other deliveries', async () => {
    await completed({ retentionDays: 4 / 1440 });
    await host.clock.advance('5m');
    expect((await host.deliveries.metrics()).pendingEvents).toBeGreaterThan(0);
    expect(await stored()).toContain('+85251234567');
    handlers().isFailing = false;
    await host.clock.advance('1h');
    expect(JSON.stringify(handlers().seen)).toContain('TestDriver');
    expect(await stored()).not.toContain('85251234567');
    expect(await stored()).not.toContain('TestDriver');
  });

  it('erases the error of a handler, and does not store its later errors', async () => {
    await completed();
    handlers().isFailing = false;
    await host.clock.advance('1h');
    handlers().failsOn = 'completed';
    const due = { dispatch: 'pending', handled_by: '[]', tries: 0, next_try_at: host.clock.now() };
    const { database } = host.deliveries;
    await database.updateTable('delivery_events').set(due).where('type', '=', 'completed').execute();
    await host.clock.advance('1m');
    expect(await stored()).toContain('could not text Ada');
    await host.deliveries.forget('A-1');
    expect(await stored()).not.toContain('could not text Ada');
    const tries = (): Promise<{ tries: number }> =>
      database.selectFrom('delivery_events').select('tries').where('type', '=', 'completed').executeTakeFirstOrThrow();
    const before = await tries();
    await host.clock.advance('1h');
    expect((await tries()).tries).toBeGreaterThan(before.tries);
    expect(await stored()).not.toContain('could not text Ada');
  });

  it('erases the error of a handler by retentionDays', async () => {
    await completed({ retentionDays: 4 / 1440 });
    await host.clock.advance('3h');
    expect((await host.deliveries.metrics()).setAsideEvents).toBe(0);
    expect(await stored()).not.toContain('could not text Ada');
  });

  it('is refused if customer service has replaced the order that had ended', async () => {
    await completed();
    handlers().isFailing = false;
    await host.clock.advance('1h');
    // As if the replacement had arrived between the check and the erasing.
    const storage = host.app.get<DeliveriesStorage>(DELIVERIES_STORAGE);
    const find = storage.find.bind(storage);
    jest.spyOn(storage, 'find').mockImplementation(async (...asked) => {
      const found = await find(...asked);
      await host.deliveries.database.updateTable('deliveries').set({ state: 'assigning' }).execute();
      return found;
    });
    await expect(host.deliveries.forget('A-1')).rejects.toThrow('is assigning: only what has ended');
    expect(await stored()).toContain('+85251234567');
  });
});
