import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';
import type { GivenPolicy } from '../../src/deliveries/index.js';
import { bookingOf } from '../support/sample-booking.js';
import { SeededRandom } from '../support/seeded-random.js';
import { HostDied, type HostProcess } from './child.js';
import type { HostReport } from './messages.js';
import { startOracle, type Oracle } from './oracle-process.js';
import type { Finding } from './verdict.js';

export const MINUTE_MS = 60_000;

/** What every world has: compiled hosts, a seed, and a sandbox. */
export interface WorldParts {
  /** The compiled sources of the hosts. */
  readonly folder: string;
  readonly seed: number;
  readonly run: number;
  readonly random: SeededRandom;
  readonly oracle: Oracle;
}

/** Starts a sandbox for one run, and stops it when the run has ended. */
export async function inWorld<T>(
  folder: string,
  seed: number,
  run: number,
  live: (parts: WorldParts) => Promise<T>,
): Promise<T> {
  const random = new SeededRandom(seed, run);
  const oracle = await startOracle(folder, random, seed * 1000 + run);
  try {
    return await live({ folder, seed, run, random, oracle });
  } finally {
    oracle.stop();
  }
}

/** The bookings of a world. Each host books all of them again. */
export function bookingsOf({ seed, run, random }: WorldParts, count: number): BookDeliveryDto[] {
  return Array.from({ length: count }, (_, index) => scriptedBooking(`${seed}-${run}-${index}`, random));
}

/** The highest number of orders for one reference under a policy that rebooks. */
const HOSTILE_ORDERS = 4;

/** Every second run has a policy that takes risks and acts automatically. */
export function policyOf(run: number, random: SeededRandom): GivenPolicy {
  if (run % 2 === 0) return {};
  return {
    unknownOutcome: { waitMinutes: random.between(0, 5), then: 'rebook' },
    rebook: { maxAttempts: HOSTILE_ORDERS },
    raiseFee: [
      { afterMinutes: 3, priorityFee: '10' },
      { afterMinutes: 8, priorityFee: '20' },
    ],
    changeDriver: { afterMinutes: 15, maxChanges: 2 },
    replacement: { waitMinutes: 10 },
    poll: { everySeconds: 60, maxSeconds: 600 },
  };
}

/** Ignores an error that the host answered with. @throws the error of a host that has died or hangs */
export function ignoreRefusal(error: unknown): void {
  if (error instanceof HostDied || String(error).includes('hangs')) throw error;
}

/** Whether every delivery is at an end. */
export async function isOver(host: HostProcess): Promise<boolean> {
  const { deliveries } = (await host.send({ do: 'report' })) as HostReport;
  return deliveries.every(({ state }) => ['completed', 'canceled', 'failed', 'needs_attention'].includes(state));
}

/** A booking whose metadata may name a script of the sandbox. */
function scriptedBooking(reference: string, random: SeededRandom): BookDeliveryDto {
  const script = random.weighted([
    [5, undefined],
    [1, 'replaced'],
    [1, 'rejecting'],
    [1, 'leaving'],
  ]);
  return bookingOf(reference, { metadata: { reference, ...(script !== undefined && { sandbox: script }) } });
}

/** References with two couriers at a time. */
export async function twoCouriers(
  references: readonly string[],
  policy: GivenPolicy,
  { control }: Oracle,
  when: string,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  // With `then: 'rebook'` a late order may exist too. Then the promise is only that it is tracked to its end.
  const most = policy.unknownOutcome?.then === 'rebook' ? HOSTILE_ORDERS : 1;
  for (const reference of references) {
    const { live, completed } = await control.ledgerFor({ reference });
    if (live.length + completed.length > most) {
      findings.push({ reference, what: `two couriers ${when}: ${[...live, ...completed].join(', ')}` });
    }
  }
  return findings;
}

/** The number of deliveries of each end. */
export function endsOf({ deliveries }: HostReport): Record<string, number> {
  const ends: Record<string, number> = {};
  for (const { state, reason } of deliveries) {
    const end = reason === undefined ? state : `${state} ${reason}`;
    ends[end] = (ends[end] ?? 0) + 1;
  }
  return ends;
}
