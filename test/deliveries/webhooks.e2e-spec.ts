import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DRIVER_SCRIPTS } from '../../src/sandbox/simulation/driver-script.js';
import { TESTED_STORAGE } from '../support/servers.js';
import { JournaledHost } from './journaled-host.js';

/** Seven hours of many deliveries take long on a busy machine, in ms. */
const TIMEOUT_MS = TESTED_STORAGE === 'sqlite' ? 30_000 : 120_000;

const SCRIPTS = Object.keys(DRIVER_SCRIPTS);

/** The final state of a delivery whose orders follow a script, if no webhook is lost. */
const ENDS: Readonly<Record<string, string>> = { still: 'failed', rejecting: 'failed' };

interface Case {
  readonly reference: string;
  readonly script: string;
}

/** One case for each script with each fault. */
function casesOf(faults: readonly string[], scripts = SCRIPTS): Case[] {
  return scripts.flatMap((script) => faults.map((fault) => ({ reference: `${script} ${fault}`, script })));
}

/** Every second case. The two halves together have each script with each fault. */
function half(cases: readonly Case[], first: 0 | 1): Case[] {
  return cases.filter((_, index) => (index + Math.floor(index / 4)) % 2 === first);
}

const LATE = casesOf(['', 'webhooks-doubled', 'webhooks-delayed', 'webhooks-early']);

/** The events that every delivery has. Later events can be missing if only reads show the order. */
const ALWAYS = ['requested', 'quoted', 'booked'];

describe('deliveries whose webhooks', () => {
  let host: JournaledHost;

  afterEach(() => host.stop());

  /** Books one delivery a case. Its metadata names the script and the fault for the sandbox. */
  async function bookAll(cases: readonly Case[]): Promise<readonly Case[]> {
    for (const { reference } of cases) {
      await host.book(reference, { metadata: { reference, sandbox: reference.trim() } });
      // Lalamove accepts two orders a second.
      await host.host.clock.advance('1s');
    }
    await host.host.clock.advance('7h');
    return cases;
  }

  /** Checks the final state against the sandbox's ledger: no live order, and one completed order if completed. */
  function checkEnd(reference: string, state: string): void {
    const { live, completed } = host.sandbox.ledgerFor({ reference });
    expect({ reference, live, completed: completed.length }).toEqual({
      reference,
      live: [],
      completed: state === 'completed' ? 1 : 0,
    });
  }

  describe.each([
    ['arrive normally, twice, late or early', 'order-only', half(LATE, 0)],
    ['arrive normally, twice, late or early', 'every-event', half(LATE, 1)],
    ['overtake each other', 'every-event', casesOf(['webhooks-reordered'])],
  ] as const)('%s, with metadata in %s,', (_, metadata, cases) => {
    it(
      'end like their orders, with each event once and in order',
      async () => {
        host = await JournaledHost.start({ sandbox: { unknowns: { metadata } }, deliveries: { sweepSeconds: 300 } });
        for (const { reference, script } of await bookAll(cases)) {
          const { state } = await host.deliveries.get(reference);
          expect([reference, state]).toEqual([reference, ENDS[script] ?? 'completed']);
          checkEnd(reference, state);
          const types = host.eventTypes(reference);
          expect(types.slice(0, 3)).toEqual(ALWAYS);
          expect(types.at(-1)).toBe(state);
          expect(types.filter((type) => type === state)).toHaveLength(1);
          // No state is reported twice in a row, and no driver of an order twice.
          const steps = types.filter((type) => type !== 'driver_assigned');
          expect(steps.filter((type, index) => type === steps[index - 1])).toEqual([]);
          const drivers = host.events(reference).flatMap((event) => {
            return event.type === 'driver_assigned' ? [`${event.orderId} ${event.driverId}`] : [];
          });
          expect(drivers).toEqual([...new Set(drivers)]);
        }
        expect(await host.deliveries.metrics()).toMatchObject({
          unknownAttempts: 0,
          unmatched: 0,
          pendingEvents: 0,
          setAsideEvents: 0,
        });
      },
      TIMEOUT_MS,
    );
  });

  it(
    'are lost or wrongly signed end like their orders by polling; an unknown replacement needs a person',
    async () => {
      host = await JournaledHost.start({ sandbox: { rateLimits: 'sandbox' }, deliveries: { sweepSeconds: 300 } });
      const cases = [...casesOf(['webhooks-lost']), ...casesOf(['webhooks-badly-signed'], ['prompt', 'replaced'])];
      for (const { reference, script } of await bookAll(cases)) {
        const { state, reason } = await host.deliveries.get(reference);
        if (script === 'replaced') {
          expect({ state, code: reason?.code }).toEqual({ state: 'needs_attention', code: 'CANCELED_UNEXPLAINED' });
          expect(host.orders(reference)).toHaveLength(2);
          expect(host.sandbox.ledgerFor({ reference })).toMatchObject({ live: [], completed: [expect.any(String)] });
          continue;
        }
        expect([reference, state]).toEqual([reference, ENDS[script] ?? 'completed']);
        checkEnd(reference, state);
      }
      // Eleven deliveries, two of them with three orders, over several hours.
      expect(host.calls('placeOrder')).toBe(15);
      expect(host.calls('getOrder')).toBeLessThan(120);
      expect(host.sandbox.requests.filter(({ answer }) => answer?.status === 429)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  describe('announce a replacing order', () => {
    beforeEach(async () => {
      host = await JournaledHost.start({
        sandbox: { drivers: 'replaced', unknowns: { metadata: 'every-event' } },
      });
    });

    it.each(['lost', 'delayed', 'reordered'] as const)(
      'track it if ORDER_REPLACED is %s, and cancel nothing',
      async (fault) => {
        host.sandbox.addFault({ webhook: fault, event: 'ORDER_REPLACED' });
        await host.book();
        expect(await host.after('3h')).toMatchObject({ state: 'completed', attempts: 1 });
        expect(host.eventTypes()).not.toContain('duplicate_found');
        expect(host.eventTypes().filter((type) => type === 'replaced')).toHaveLength(1);
        expect(host.orders()).toHaveLength(2);
        expect(host.calls('cancelOrder')).toBe(0);
      },
    );

    it('track it if the cancellation arrives last', async () => {
      host.sandbox.addFault({
        webhook: 'delayed',
        event: ['ORDER_STATUS_CHANGED', 'ORDER_REPLACED'],
        delay: '20m',
        times: 'always',
      });
      await host.book();
      expect(await host.after('3h')).toMatchObject({ state: 'completed', attempts: 1 });
      expect(host.eventTypes()).not.toContain('duplicate_found');
      expect(host.calls('cancelOrder')).toBe(0);
    });
  });
});
