import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';
import type { GivenPolicy } from '../../src/deliveries/index.js';
import { freePort } from '../support/free-port.js';
import { HostDied, HostProcess } from './child.js';
import { disturb, type Servers } from './disturbances.js';
import { readJournal } from './journal.js';
import { killOf } from './kills.js';
import { LoadBalancer } from './load-balancer.js';
import type { HostCommand, HostPlan, HostReport, Kill } from './messages.js';
import { addFaults, type Oracle } from './oracle-process.js';
import type { ChaosResult } from './run.js';
import { verdictOf, type Finding } from './verdict.js';
import {
  bookingsOf,
  endsOf,
  inWorld,
  ignoreRefusal,
  isOver,
  MINUTE_MS,
  policyOf,
  twoCouriers,
  type WorldParts,
} from './world.js';

/** The number of hosts at a time. */
const HOSTS = 4;

/** In real seconds, by the clock of the server: the clocks of the hosts are virtual. */
const LEASE_SECONDS = 3;

/** A host and its port. */
interface Running {
  readonly host: HostProcess;
  readonly port: number;
}

/** The settings of one run of several hosts. */
export interface ScaleOptions {
  readonly deliveries: number;
  readonly servers: Servers;
  /** Whether BullMQ wakes deliveries. */
  readonly isBullmq: boolean;
}

/**
 * Runs one sandbox and four hosts at a time on one PostgreSQL. Hosts are killed and replaced, servers are disturbed,
 * and the last hosts settle.
 */
export async function scaleRun(
  folder: string,
  seed: number,
  run: number,
  kills: number,
  options: ScaleOptions,
): Promise<ChaosResult> {
  return inWorld(folder, seed, run, async (parts) => {
    const world = new ScaleWorld({ ...parts, options });
    try {
      return await world.run(kills);
    } finally {
      world.cleanUp();
    }
  });
}

interface ScaleParts extends WorldParts {
  readonly options: ScaleOptions;
}

class ScaleWorld {
  readonly #place = mkdtempSync(join(tmpdir(), 'lalamove-scale-'));
  readonly #journal = join(this.#place, 'journal');
  readonly #schema = `chaos_${randomUUID().replaceAll('-', '')}`;
  readonly #findings: Finding[] = [];
  readonly #policy: GivenPolicy;
  readonly #bookings: readonly BookDeliveryDto[];
  #hosts: Running[] = [];
  #balancer: LoadBalancer | undefined;
  #isRegistered = false;
  #kills = 0;
  #output = '';

  constructor(private readonly parts: ScaleParts) {
    const { run, random, options } = parts;
    this.#policy = policyOf(run, random);
    this.#bookings = bookingsOf(parts, options.deliveries);
  }

  async run(kills: number): Promise<ChaosResult> {
    const { oracle, random } = this.parts;
    try {
      this.#balancer = await LoadBalancer.start(() => this.#living().map(({ port }) => port));
      await addFaults(oracle.control, random);
      while (this.#kills < kills && this.#findings.length === 0) await this.#round();
      await oracle.control.clearFaults();
      await this.#replaceAll();
      await this.#settle();
      return await this.#judge();
    } catch (error) {
      const output = this.#hosts.map(({ host }) => host.output.slice(-1000)).join('\n');
      this.#found('', `the run did not settle: ${String(error)}\n${output}`);
      return this.#result({}, 0);
    } finally {
      await Promise.all(this.#hosts.map(({ host }) => host.kill()));
      this.#balancer?.stop();
      if (this.#isKept) await this.parts.options.servers.postgres.dump(this.#schema, join(this.#place, 'rows.sql'));
    }
  }

  get #isKept(): boolean {
    return this.#findings.length > 0 && process.env.CHAOS_KEEP !== undefined;
  }

  cleanUp(): void {
    if (this.#isKept) console.log(`The files are in ${this.#place}`);
    else rmSync(this.#place, { recursive: true, force: true });
  }

  /** Starts the missing hosts, lets all of them work, and disturbs the servers. At its end some hosts are dead. */
  async #round(): Promise<void> {
    const { random, oracle, options, run } = this.parts;
    const { skews, kills } = this.#dice();
    await Promise.all(kills.map((kill, index) => this.#start(kill, skews[index] ?? 0)));
    await this.#register();
    await this.#all({ do: 'book', bookings: this.#bookings });
    for (let turn = 0; turn < 3; turn += 1) {
      if (random.chance(0.15)) {
        const [one] = this.#living();
        const { reference } = random.pick(this.#bookings);
        await one?.host.send({ do: 'cancel', reference }).catch(ignoreDeath);
      }
      // In worlds with double wakes, two workers at a time are looked for: an outage would end leases early.
      if (run % 4 !== 1 && random.chance(0.4)) {
        await disturb(random, { ...options.servers, journal: this.#journal, schema: this.#schema });
      }
      await this.#goOn(random.between(1, 12));
    }
    // One host a round survives on average, so that old and new hosts meet.
    for (const { host } of this.#living()) if (random.chance(0.6)) await host.kill();
    const dead = this.#hosts.filter(({ host }) => host.isDead);
    this.#kills += dead.length;
    this.#output += dead.map(({ host }) => host.output).join('');
    this.#hosts = this.#living();
    await this.#neverTwo(`after ${this.#kills} kills`, oracle);
  }

  /** What differs between the new hosts of a round. Drawn before they start, so that the seed decides. */
  #dice(): { readonly skews: readonly number[]; readonly kills: readonly Kill[] } {
    const { random } = this.parts;
    const missing = Array.from({ length: HOSTS - this.#hosts.length });
    return {
      skews: missing.map(() => random.between(-4, 4) * MINUTE_MS),
      kills: missing.map(() => killOf(random)),
    };
  }

  async #replaceAll(): Promise<void> {
    await Promise.all(this.#hosts.map(({ host }) => host.kill()));
    this.#hosts = [];
    // The leases of the dead hosts end by the clock of the server.
    await pause(2 * LEASE_SECONDS * 1000 + 500);
    await Promise.all([0, 0].map((skew) => this.#start({ at: 'never' }, skew)));
    await this.#register();
  }

  async #settle(): Promise<void> {
    await this.#all({ do: 'book', bookings: this.#bookings });
    for (let step = 0; step < 60 && this.#findings.length === 0; step += 1) {
      await this.#goOn(step < 20 ? 3 : 15);
      await this.#neverTwo('while it settled', this.parts.oracle);
      const [one] = this.#hosts;
      if (step > 20 && one && (await isOver(one.host))) break;
    }
  }

  async #judge(): Promise<ChaosResult> {
    const { control, keys } = this.parts.oracle;
    const [one] = this.#hosts;
    if (!one) throw new Error('No host is left.');
    const report = (await one.host.send({ do: 'report' })) as HostReport;
    const { events } = await control.webhooks();
    const orders = await control.orders();
    const references = this.#bookings.map(({ reference }) => reference);
    this.#findings.push(...verdictOf(report, { orders, events, journal: readJournal(this.#journal), references }));
    this.#output += this.#hosts.map(({ host }) => host.output).join('');
    if (this.#output.includes(keys.apiSecret)) this.#found('', 'a secret was written');
    return this.#result(endsOf(report), events.filter(({ state }) => state === 'delivered').length);
  }

  async #start(kill: Kill, skew: number): Promise<void> {
    const { oracle, run, options } = this.parts;
    const { now } = await oracle.control.clock();
    const port = await freePort();
    const { postgres, redis } = options.servers;
    const plan: HostPlan = {
      ...{ baseUrl: oracle.url, ...oracle.keys, port, file: '', journal: this.#journal, timeoutMs: 250 },
      ...{ startAt: Date.parse(now) + skew, kill, policy: this.#policy, isBehindBalancer: true },
      postgres: { url: postgres.url, schema: this.#schema, leaseSeconds: LEASE_SECONDS },
      ...(options.isBullmq && { redis: { url: redis.url, prefix: this.#schema } }),
      ...(run % 4 === 1 && !options.isBullmq && { doublesWakes: true }),
      ...(kill.at !== 'never' && { failsOneIn: 11 }),
    };
    const host = await HostProcess.start(this.parts.folder, plan);
    this.#hosts.push({ host, port });
  }

  /** Registers the load balancer for webhooks, until a host has lived long enough to do it. */
  async #register(): Promise<void> {
    const port = this.#balancer?.port;
    for (const { host } of this.#living()) {
      if (this.#isRegistered || port === undefined) return;
      this.#isRegistered = await host.send({ do: 'register', port }).then(
        () => true,
        () => false,
      );
    }
  }

  #living(): Running[] {
    return this.#hosts.filter(({ host }) => !host.isDead);
  }

  /** Sends a command to all living hosts at once. */
  async #all(command: HostCommand): Promise<void> {
    await Promise.all(
      this.#living().map(({ host }) =>
        host.send(command).catch((error: unknown) => {
          this.#note(error, host);
        }),
      ),
    );
  }

  /** A host may die, and the database may refuse a call while it restarts. Anything else is a finding. */
  #note(error: unknown, host: HostProcess): void {
    if (error instanceof HostDied || String(error).includes('DeliveriesStoreException')) return;
    this.#found('', `${String(error)}\n${host.output.slice(-2000)}`);
  }

  async #goOn(minutes: number): Promise<void> {
    await this.parts.oracle.control.advance(`${minutes}m`);
    await this.#all({ do: 'advance', ms: minutes * MINUTE_MS });
  }

  async #neverTwo(when: string, oracle: Oracle): Promise<void> {
    const references = this.#bookings.map(({ reference }) => reference);
    this.#findings.push(...(await twoCouriers(references, this.#policy, oracle, when)));
  }

  #found(reference: string, what: string): void {
    this.#findings.push({ reference, what });
  }

  #result(ends: Readonly<Record<string, number>>, acknowledged: number): ChaosResult {
    const { seed, run } = this.parts;
    const [kills, findings, deliveries] = [this.#kills, this.#findings, this.#bookings.length];
    return { seed, run, kills, powerCuts: 0, deliveries, ends, acknowledged, findings };
  }
}

function ignoreDeath(error: unknown): void {
  if (error instanceof HostDied) return;
  ignoreRefusal(error);
}
