import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GivenPolicy } from '../../src/deliveries/index.js';
import type { BookDeliveryDto } from '../../src/deliveries/dto/book-delivery.dto.js';
import { freePort } from '../support/free-port.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { HostDied, HostProcess } from './child.js';
import { readJournal } from './journal.js';
import { killOf } from './kills.js';
import type { HostCommand, HostPlan, HostReport, Kill } from './messages.js';
import { addFaults, type Oracle } from './oracle-process.js';
import { cutPower } from './power-cut.js';
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

/** The result of one run. */
export interface ChaosResult {
  readonly seed: number;
  readonly run: number;
  /** The number of killed hosts. */
  readonly kills: number;
  /** How many of the kills were power cuts. */
  readonly powerCuts: number;
  readonly deliveries: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly findings: readonly Finding[];
}

/** The settings of one run. */
export interface ChaosOptions {
  /** The number of deliveries. */
  readonly deliveries?: number;
  /** When each host is killed; without it, the seed decides. */
  readonly kill?: Kill;
}

/** One kill in this number is a power cut. */
const POWER_CUT_SHARE = 0.25;

/** Runs one sandbox from the first booking to the end of all deliveries. Hosts are killed, and the last one settles. */
export async function chaosRun(
  folder: string,
  seed: number,
  run: number,
  kills: number,
  options: ChaosOptions = {},
): Promise<ChaosResult> {
  return inWorld(folder, seed, run, async (parts) => {
    const world = new ChaosWorld({ ...parts, port: await freePort(), options });
    try {
      return await world.run(kills);
    } finally {
      world.cleanUp();
    }
  });
}

interface ChaosParts extends WorldParts {
  readonly port: number;
  readonly options: ChaosOptions;
}

/** A sandbox, the files of the hosts, and the deliveries that every host books again. */
class ChaosWorld {
  readonly #place = mkdtempSync(join(tmpdir(), 'lalamove-chaos-'));
  readonly #file = join(this.#place, 'deliveries.db');
  readonly #journal = join(this.#place, 'journal');
  readonly #findings: Finding[] = [];
  readonly #policy: GivenPolicy;
  readonly #bookings: readonly BookDeliveryDto[];
  #kills = 0;
  #powerCuts = 0;
  #output = '';

  constructor(private readonly parts: ChaosParts) {
    const { run, random, options } = parts;
    this.#policy = policyOf(run, random);
    this.#bookings = bookingsOf(parts, options.deliveries ?? 5);
  }

  async run(kills: number): Promise<ChaosResult> {
    const { oracle, random, options } = this.parts;
    let last: HostProcess | undefined;
    try {
      await addFaults(oracle.control, random);
      for (let life = 0; life < kills; life += 1) await this.#live(life, options.kill ?? killOf(random));
      await oracle.control.clearFaults();
      last = await this.#start({ at: 'never' });
      if (last.isDead) throw new Error('The last host has refused to start.');
      await this.#settle(last);
      return await this.#judge(last);
    } catch (error) {
      const what = `the run did not settle: ${String(error)}\n${last?.output.slice(-2000) ?? ''}`;
      this.#findings.push({ reference: '', what });
      await last?.kill();
      return this.#result({}, 0);
    }
  }

  /** Removes the files, unless a failed run's files are wanted. */
  cleanUp(): void {
    if (this.#findings.length > 0 && process.env.CHAOS_KEEP) console.log(`The files are in ${this.#place}`);
    else rmSync(this.#place, { recursive: true, force: true });
  }

  /** One host, from its start to its kill. */
  async #live(life: number, kill: Kill): Promise<void> {
    const { random, oracle, options } = this.parts;
    const isPowerCut = options.kill === undefined && random.chance(POWER_CUT_SHARE);
    const isTorn = random.chance(0.5);
    const host = await this.#start(kill);
    try {
      await host.send({ do: 'book', bookings: this.#bookings });
      for (let turn = 0; turn < 4; turn += 1) {
        if (random.chance(0.08))
          await host.send({ do: 'cancel', reference: random.pick(this.#bookings).reference }).catch(ignoreRefusal);
        if (random.chance(0.15)) await host.send(backupTo(this.#place, life * 10 + turn, random));
        if (random.chance(0.02)) await this.#intrude(host);
        await this.#goOn(host, random.between(1, 12));
      }
    } catch (error) {
      if (!(error instanceof HostDied)) this.#found('', `${String(error)}\n${host.output.slice(-2000)}`);
    }
    await host.kill();
    if (isPowerCut) {
      cutPower(this.#file, host.synchronous, isTorn);
      this.#powerCuts += 1;
    }
    this.#kills += 1;
    this.#output += host.output;
    await this.#neverTwo(`after kill ${life + 1}`, oracle);
  }

  /** Goes on until every delivery is at an end, and some time longer, so that late webhooks and orders arrive. */
  async #settle(host: HostProcess): Promise<void> {
    await host.send({ do: 'book', bookings: this.#bookings });
    for (let step = 0; step < 60 && this.#findings.length === 0; step += 1) {
      await this.#goOn(host, step < 20 ? 3 : 15);
      await this.#neverTwo('while it settled', this.parts.oracle);
      if (step > 20 && (await isOver(host))) break;
    }
  }

  /** Compares the last host's database and the journal with the sandbox. */
  async #judge(host: HostProcess): Promise<ChaosResult> {
    const { control, keys } = this.parts.oracle;
    const report = (await host.send({ do: 'report' })) as HostReport;
    const { events } = await control.webhooks();
    const orders = await control.orders();
    const references = this.#bookings.map(({ reference }) => reference);
    const journal = readJournal(this.#journal);
    this.#findings.push(...verdictOf(report, { orders, events, journal, references }));
    await host.kill();
    this.#output += host.output;
    const bytes = readdirSync(this.#place).map((name) => readFileSync(join(this.#place, name), 'latin1'));
    if ([this.#output, ...bytes].some((text) => text.includes(keys.apiSecret))) this.#found('', 'a secret was written');
    return this.#result(endsOf(report), events.filter(({ state }) => state === 'delivered').length);
  }

  #result(ends: Readonly<Record<string, number>>, acknowledged: number): ChaosResult {
    const { seed, run } = this.parts;
    const [kills, powerCuts, findings] = [this.#kills, this.#powerCuts, this.#findings];
    return { seed, run, kills, powerCuts, deliveries: this.#bookings.length, ends, acknowledged, findings };
  }

  #found(reference: string, what: string): void {
    this.#findings.push({ reference, what });
  }

  async #plan(kill: Kill): Promise<HostPlan> {
    const { random, oracle, port, run } = this.parts;
    const { now } = await oracle.control.clock();
    const skew = random.between(-4, 4) * MINUTE_MS;
    // Of four worlds, two have a queue that wakes twice: one with each policy.
    const doublesWakes = run % 4 === 1 || run % 4 === 2;
    return {
      ...{ baseUrl: oracle.url, ...oracle.keys, port, file: this.#file, journal: this.#journal },
      ...{ startAt: Date.parse(now) + skew, timeoutMs: 250, kill, policy: this.#policy, doublesWakes },
      ...(kill.at !== 'never' && { failsOneIn: 11, ...(doublesWakes && { lateAnswers: random.between(1, 3) }) }),
    };
  }

  async #start(kill: Kill): Promise<HostProcess> {
    return HostProcess.start(this.parts.folder, await this.#plan(kill));
  }

  /** Starts a second process on the file. It must be refused while the first one runs. */
  async #intrude(first: HostProcess): Promise<void> {
    const plan = { ...(await this.#plan({ at: 'never' })), port: await freePort() };
    const second = await HostProcess.start(this.parts.folder, plan).catch((error: unknown) => String(error));
    if (typeof second === 'string') return;
    // A refused process ends by itself.
    if (!first.isDead && !second.isDead) this.#found('', 'a second process could open the file');
    await second.kill();
  }

  async #goOn(host: HostProcess, minutes: number): Promise<void> {
    await this.parts.oracle.control.advance(`${minutes}m`);
    await host.send({ do: 'advance', ms: minutes * MINUTE_MS });
  }

  async #neverTwo(when: string, oracle: Oracle): Promise<void> {
    const references = this.#bookings.map(({ reference }) => reference);
    this.#findings.push(...(await twoCouriers(references, this.#policy, oracle, when)));
  }
}

/** A backup by the service, or by a copy of the file. */
function backupTo(place: string, number: number, random: SeededRandom): HostCommand {
  const to = join(place, `backup-${number}.db`);
  const how = random.pick(['service', 'copyFile', 'stream'] as const);
  return how === 'service' ? { do: 'backup', path: to } : { do: 'copy', how, from: join(place, 'deliveries.db'), to };
}
