import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeliveryStep } from '../../src/deliveries/deliveries.hooks.js';
import type { GivenPolicy } from '../../src/deliveries/index.js';
import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';
import { SandboxControl } from '../../src/sandbox/control/sandbox-control.js';
import type { LalamoveSandboxOptions } from '../../src/sandbox/sandbox.options.js';
import { bookingOf } from '../support/sample-booking.js';
import { SeededRandom } from '../support/seeded-random.js';
import { HostDied, HostProcess } from './child.js';
import type { HostCommand, HostPlan, HostReport, JournalLine, Kill } from './messages.js';
import { verdictOf, type Finding } from './verdict.js';

/** The result of one run. */
export interface ChaosResult {
  readonly seed: number;
  readonly run: number;
  /** The number of killed hosts. */
  readonly kills: number;
  readonly deliveries: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly findings: readonly Finding[];
}

const MINUTE_MS = 60_000;
const PER_RUN = 5;

/** The highest number of orders for one reference under a policy that rebooks. */
const HOSTILE_ORDERS = 4;

const STEPS: readonly DeliveryStep[] = [
  'claimed',
  'quoting',
  'quoted',
  'reserving',
  'reserved',
  'posting',
  'posted',
  'committed',
  'reading',
  'read',
  'canceling',
  'canceled',
  'released',
  'event_stored',
  'event_applied',
  'dispatching',
  'dispatched',
];

/**
 * Runs one sandbox from the first booking to the end of all deliveries. Hosts are killed, and the last one settles.
 *
 * @param kill when each host is killed; without it, the seed decides
 */
export async function chaosRun(
  folder: string,
  seed: number,
  run: number,
  kills: number,
  kill?: Kill,
): Promise<ChaosResult> {
  const random = new SeededRandom(seed, run);
  const place = mkdtempSync(join(tmpdir(), 'lalamove-chaos-'));
  const file = join(place, 'deliveries.db');
  const journal = join(place, 'journal');
  const policy = policyOf(run, random);
  const oracle = await startOracle(folder, random, seed * 1000 + run);
  const { control, keys } = oracle;
  const port = await freePort();
  const bookings = Array.from({ length: PER_RUN }, (_, index) => scriptedBooking(`${seed}-${run}-${index}`, random));
  const findings: Finding[] = [];
  let killed = 0;
  let output = '';
  let last: HostProcess | undefined;

  const plan = async (death: Kill): Promise<HostPlan> => {
    const { now } = await control.clock();
    const skew = random.between(-4, 4) * MINUTE_MS;
    const startAt = Date.parse(now) + skew;
    return {
      ...{ baseUrl: oracle.url, ...keys, port, file, startAt, timeoutMs: 250, kill: death },
      ...{ policy, journal, ...(death.at !== 'never' && { failsOneIn: 11 }) },
    };
  };
  const start = async (death: Kill): Promise<HostProcess> => HostProcess.start(folder, await plan(death));
  /** Starts a second process on the file. It must be refused while the first one runs. */
  const intrude = async (first: HostProcess): Promise<void> => {
    const second = await HostProcess.start(folder, { ...(await plan({ at: 'never' })), port: await freePort() }).catch(
      (error: unknown) => String(error),
    );
    if (typeof second === 'string') return;
    // A refused process ends by itself.
    if (!first.isDead && !second.isDead) findings.push({ reference: '', what: 'a second process could open the file' });
    await second.kill();
  };
  const goOn = async (host: HostProcess, minutes: number): Promise<void> => {
    await control.advance(`${minutes}m`);
    await host.send({ do: 'advance', ms: minutes * MINUTE_MS });
  };
  const neverTwo = async (when: string): Promise<void> => {
    for (const { reference } of bookings) {
      const { live, completed } = await control.ledgerFor({ reference });
      // With `then: 'rebook'` a late order may exist too. Then the promise is only that it is tracked to its end.
      const most = policy.unknownOutcome?.then === 'rebook' ? HOSTILE_ORDERS : 1;
      if (live.length + completed.length > most) {
        findings.push({ reference, what: `two couriers ${when}: ${[...live, ...completed].join(', ')}` });
      }
    }
  };

  try {
    await addFaults(control, random);
    for (let life = 0; life < kills; life += 1) {
      const host = await start(kill ?? killOf(random));
      try {
        await host.send({ do: 'book', bookings });
        for (let turn = 0; turn < 4; turn += 1) {
          if (random.chance(0.08))
            await host.send({ do: 'cancel', reference: random.pick(bookings).reference }).catch(ignoreRefusal);
          if (random.chance(0.15)) await host.send(backupTo(place, life * 10 + turn, random));
          if (random.chance(0.02)) await intrude(host);
          await goOn(host, random.between(1, 12));
        }
      } catch (error) {
        if (!(error instanceof HostDied))
          findings.push({ reference: '', what: `${String(error)}\n${host.output.slice(-2000)}` });
      }
      await host.kill();
      killed += 1;
      output += host.output;
      await neverTwo(`after kill ${life + 1}`);
    }
    await control.clearFaults();
    const host = await start({ at: 'never' });
    last = host;
    await host.send({ do: 'book', bookings });
    for (let step = 0; step < 60 && findings.length === 0; step += 1) {
      await goOn(host, step < 20 ? 3 : 15);
      await neverTwo('while it settled');
      if (step > 20 && (await isOver(host))) break;
    }
    const report = (await host.send({ do: 'report' })) as HostReport;
    const { events } = await control.webhooks();
    const orders = await control.orders();
    findings.push(
      ...verdictOf(report, {
        ...{ orders, events, journal: journalOf(journal) },
        references: bookings.map(({ reference }) => reference),
      }),
    );
    await host.kill();
    output += host.output;
    const bytes = readdirSync(place).map((name) => readFileSync(join(place, name), 'latin1'));
    if ([output, ...bytes].some((text) => text.includes(keys.apiSecret)))
      findings.push({ reference: '', what: 'a secret was written' });
    const ends: Record<string, number> = {};
    for (const { state, reason } of report.deliveries) {
      const end = reason === undefined ? state : `${state} ${reason}`;
      ends[end] = (ends[end] ?? 0) + 1;
    }
    return {
      seed,
      run,
      kills: killed,
      deliveries: bookings.length,
      ends,
      acknowledged: events.filter(({ state }) => state === 'delivered').length,
      findings,
    };
  } catch (error) {
    findings.push({
      reference: '',
      what: `the run did not settle: ${String(error)}\n${last?.output.slice(-2000) ?? ''}`,
    });
    await last?.kill();
    return { seed, run, kills: killed, deliveries: bookings.length, ends: {}, acknowledged: 0, findings };
  } finally {
    oracle.stop();
    if (findings.length === 0 || !process.env.CHAOS_KEEP) rmSync(place, { recursive: true, force: true });
  }
}

/** Every second run has a policy that takes risks and acts automatically. */
function policyOf(run: number, random: SeededRandom): GivenPolicy {
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

/** A backup by the service, or by a copy of the file. */
function backupTo(place: string, number: number, random: SeededRandom): HostCommand {
  const to = join(place, `backup-${number}.db`);
  const how = random.pick(['service', 'copyFile', 'stream'] as const);
  return how === 'service' ? { do: 'backup', path: to } : { do: 'copy', how, from: join(place, 'deliveries.db'), to };
}

function journalOf(file: string): JournalLine[] {
  if (!existsSync(file)) return [];
  // The last line of a killed process may be incomplete.
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as JournalLine] : []));
}

/** Ignores an error that the host answered with. @throws the error of a host that has died or hangs */
function ignoreRefusal(error: unknown): void {
  if (error instanceof HostDied || String(error).includes('hangs')) throw error;
}

async function isOver(host: HostProcess): Promise<boolean> {
  const { deliveries } = (await host.send({ do: 'report' })) as HostReport;
  return deliveries.every(({ state }) => ['completed', 'canceled', 'failed', 'needs_attention'].includes(state));
}

interface Oracle {
  readonly control: SandboxControl;
  readonly url: string;
  readonly keys: { readonly apiKey: string; readonly apiSecret: string };
  readonly stop: () => void;
}

async function startOracle(folder: string, random: SeededRandom, seed: number): Promise<Oracle> {
  const options: LalamoveSandboxOptions = {
    seed,
    drivers: 'mixed',
    rateLimits: false,
    apiSecret: 'sk_test_never_to_be_written',
    webhooks: { timeoutMs: 2000, earlyWaitMs: 150 },
    unknowns: {
      metadata: random.pick(['whole-orders', 'order-only', 'every-event']),
      orderCreated: random.pick(['before-answer', 'after-answer']),
      webhookRetries: random.pick(['signed-anew', 'repeated']),
    },
  };
  const child = fork(join(folder, 'test/chaos/oracle.js'), {
    env: { ...process.env, NODE_OPTIONS: '', CHAOS_ORACLE: JSON.stringify(options) },
    execArgv: [],
  });
  const [{ url, apiKey, apiSecret }] = (await once(child, 'message')) as [
    { url: string; apiKey: string; apiSecret: string },
  ];
  return {
    control: SandboxControl.connect(url),
    url,
    keys: { apiKey, apiSecret },
    stop: () => {
      child.kill('SIGKILL');
    },
  };
}

/** Adds faults: answers lost after the work, work that is late or skipped, and faults of every kind for webhooks. */
async function addFaults(control: SandboxControl, random: SeededRandom): Promise<void> {
  const often = { times: 'always' } as const;
  const share = (most: number): number => Math.round(random.next() * most * 100) / 100;
  await control.addFault({ call: 'placeOrder', work: 'done', answer: 'reset', probability: share(0.5), ...often });
  await control.addFault({
    call: 'placeOrder',
    work: 'done',
    answer: { status: 502, body: '<html>' },
    probability: share(0.3),
    ...often,
  });
  await control.addFault({
    call: 'placeOrder',
    work: 'late',
    lateBy: '1m',
    answer: 'hang',
    probability: share(0.15),
    ...often,
  });
  await control.addFault({ call: 'placeOrder', work: 'done', answer: 'truncate', probability: share(0.2), ...often });
  await control.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset', probability: share(0.2), ...often });
  await control.addFault({
    call: ['createQuotation', 'getOrder', 'cancelOrder'],
    answer: 'reset',
    probability: share(0.2),
    ...often,
  });
  await control.addFault({
    call: ['createQuotation', 'getOrder'],
    answer: { code: 'LALAMOVE_SERVER_ERROR' },
    probability: share(0.2),
    ...often,
  });
  for (const webhook of ['lost', 'doubled', 'delayed', 'reordered', 'early', 'badly-signed'] as const) {
    await control.addFault({ webhook, probability: share(0.35), ...often });
  }
}

function killOf(random: SeededRandom): Kill {
  return random.weighted<Kill>([
    [5, { at: 'step', step: random.pick(STEPS), count: random.between(1, 6) }],
    [2, { at: 'step', step: undefined, count: random.between(1, 80) }],
    [4, { at: 'time', ms: random.between(0, 250) }],
    [2, { at: 'start', ms: random.between(100, 1500) }],
    [1, { at: 'never' }],
  ]);
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
