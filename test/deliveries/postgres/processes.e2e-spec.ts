import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { Client } from 'pg';
import { randomUUID } from 'node:crypto';
import { bookingOf } from '../../support/sample-booking.js';
import { describePostgres, POSTGRES_URL } from '../../support/servers.js';
import { SharedHost, type SeenEvent } from './shared-host.js';
import { until } from '../../support/until.js';

const TIMEOUT_MS = 120_000;

describePostgres('several processes on one PostgreSQL', () => {
  let schema: string;
  let sandbox: LalamoveSandbox;
  let client: Client;
  let hosts: SharedHost[];

  beforeEach(async () => {
    schema = `test_${randomUUID().replaceAll('-', '')}`;
    hosts = [];
    sandbox = await LalamoveSandbox.start({ rateLimits: false });
    client = new Client({ connectionString: POSTGRES_URL });
    await client.connect();
  });

  afterEach(async () => {
    for (const host of hosts) await host.kill();
    await client.query(`drop schema if exists ${schema} cascade`);
    await client.end();
    await sandbox.stop();
  });

  async function start(count: number): Promise<void> {
    const { apiKey, apiSecret, url: baseUrl } = sandbox;
    const plan = { account: { apiKey, apiSecret, baseUrl }, url: POSTGRES_URL, schema };
    hosts.push(...(await Promise.all(Array.from({ length: count }, () => SharedHost.start(plan)))));
  }

  const stateOf = async (reference: string): Promise<unknown> => hosts[0]?.send({ do: 'state', reference });

  const handled = async (): Promise<SeenEvent[]> =>
    (await Promise.all(hosts.map((host) => host.report()))).flatMap((report) => report.handled);

  const typeOf = async (id: number): Promise<unknown> =>
    (await client.query<{ type: string }>(`select type from ${schema}.delivery_events where id = $1`, [id])).rows[0]
      ?.type;

  it(
    'places one order for 50 bookings of a reference at once in 4 processes',
    async () => {
      await start(4);
      const bookings = Array.from({ length: 50 }, () => bookingOf('A-1'));
      await Promise.all(hosts.map((host) => host.send({ do: 'book', bookings })));
      await until(async () => (await stateOf('A-1')) === 'assigning', 60_000);
      expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
      const { rows } = await client.query(`select outcome from ${schema}.delivery_attempts`);
      expect(rows).toEqual([{ outcome: 'placed' }]);
    },
    TIMEOUT_MS,
  );

  it(
    'places one order each, and gives each event to one handler, in order; a dead process stops nothing',
    async () => {
      await start(3);
      const references = Array.from({ length: 12 }, (_, index) => `B-${index}`);
      const booked = hosts.map((host, index) =>
        host.send({
          do: 'book',
          bookings: references.filter((_, n) => n % 3 === index).map((name) => bookingOf(name)),
        }),
      );
      await Promise.all(booked);
      const [, , last] = hosts;
      await last?.kill();
      hosts.pop();
      // An order that the dead process was posting has an unknown outcome, and is never posted again.
      const living = references.filter((_, index) => index % 3 !== 2);
      for (const reference of living) await until(async () => (await stateOf(reference)) === 'assigning', 60_000);
      for (const reference of references) {
        expect(sandbox.ledgerFor({ reference }).orderIds.length).toBeLessThanOrEqual(1);
      }
      const events = await handled();
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      for (const reference of references) {
        const own = events.filter((event) => event.reference === reference);
        const byTime = [...own].sort((a, b) => (a.from ?? 0) - (b.from ?? 0) || a.id - b.id).map(({ id }) => id);
        expect(byTime).toEqual([...byTime].sort((a, b) => a - b));
      }
    },
    TIMEOUT_MS,
  );

  it(
    'shows a watcher the events of another process, in order, each once, also without LISTEN',
    async () => {
      await start(2);
      const [one, two] = hosts;
      await one?.send({ do: 'book', bookings: [bookingOf('C-1')] });
      await two?.send({ do: 'watch', reference: 'C-1' });
      await until(async () => (await stateOf('C-1')) === 'assigning', 60_000);
      // Cuts the connections that listen.
      const cut = `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen lalamove_%'`;
      await client.query(cut);
      await one?.send({ do: 'cancel', reference: 'C-1' });
      await until(async () => ((await two?.report())?.watched ?? []).some(({ type }) => type === 'canceled'), 60_000);
      const watched = (await two?.report())?.watched ?? [];
      const ids = watched.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
      expect(await typeOf(ids.at(-1) ?? 0)).toBe('canceled');
    },
    TIMEOUT_MS,
  );
});
