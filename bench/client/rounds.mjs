// Runs the contenders in rounds, each in its own process, so that a disturbance of the machine affects all of them.
import { CONTENDERS, OURS, OURS_STUBBED, PEER, PEER_DEFAULT, STUBBED } from './contenders.mjs';
import { Helper } from './processes.mjs';

export const METHODS = ['GET', 'POST'];
const WARM_UP = 3000;
/** Turns of a round. With short turns, the machine's state differs less between contenders. */
const TURNS = 4;

/**
 * Enough memory, in young and old space, for everything that a run allocates: without garbage collection, the growth is
 * the allocation.
 */
const NO_COLLECTION = [
  '--expose-gc',
  '--min-semi-space-size=512',
  '--max-semi-space-size=512',
  '--initial-old-space-size=2048',
];
/** Half of the young space is enough for this many calls of 250 kB. */
export const ALLOCATION_CALLS = 1000;
const ALLOCATION_CONTENDERS = ['node:http', PEER, 'HttpService', OURS, OURS_STUBBED];

/** Starts the answer server and runs a function with it. */
export async function withServer(work) {
  const server = new Helper('answer-server.mjs');
  const { port } = await server.ask({});
  const connections = async () => (await server.ask({})).connections;
  const result = await work({ port, connections });
  server.stop();
  return result;
}

/** Starts a contender in a separate process and warms it up. */
export async function startContender(name, port, execArgv = []) {
  const contender = new Helper('contender-process.mjs', [name, String(port)], execArgv);
  for (const method of METHODS) await contender.ask({ task: 'run', method, calls: WARM_UP });
  return contender;
}

/** @returns what each answered, by method and name: one entry a turn */
async function interleaved(contenders, turns, question) {
  const names = [...contenders.keys()];
  const answers = Object.fromEntries(METHODS.map((method) => [method, new Map(names.map((name) => [name, []]))]));
  for (let turn = 0; turn < turns; turn += 1) {
    // The order rotates, so that no contender always follows the heaviest one.
    const order = names.map((_, index) => names[(index + turn) % names.length]);
    for (const method of METHODS) {
      for (const name of order) answers[method].get(name).push(await contenders.get(name).ask({ ...question, method }));
    }
  }
  return answers;
}

async function started(names, port, execArgv) {
  const contenders = new Map();
  for (const name of names) contenders.set(name, await startContender(name, port, execArgv));
  return contenders;
}

const stopAll = (contenders) => contenders.forEach((contender) => contender.stop());

/** CPU time of a call in µs, by method and contender, one figure a round. */
export async function measureCpu({ rounds, calls }) {
  return withServer(async ({ port }) => {
    const contenders = await started([...Object.keys(CONTENDERS), ...Object.keys(STUBBED)], port);
    const answers = await interleaved(contenders, rounds * TURNS, { task: 'cpu', calls: Math.ceil(calls / TURNS) });
    stopAll(contenders);
    return Object.fromEntries(METHODS.map((method) => [method, roundsOf(answers[method])]));
  });
}

/** Allocation of a call in bytes, by method and contender: `{ heap, external, collections }` a round. */
export async function measureAllocation({ rounds }) {
  return withServer(async ({ port }) => {
    const contenders = await started(ALLOCATION_CONTENDERS, port, NO_COLLECTION);
    const answers = await interleaved(contenders, rounds, { task: 'allocation', calls: ALLOCATION_CALLS });
    stopAll(contenders);
    return answers;
  });
}

/** How many connections the official SDK makes without a given agent. */
export async function countDefaultConnections() {
  return withServer(async ({ port, connections }) => {
    const calls = 1000;
    const contender = new Helper('contender-process.mjs', [PEER_DEFAULT, String(port)]);
    await contender.ask({ task: 'run', method: 'GET', calls });
    const made = await connections();
    contender.stop();
    return { calls, made };
  });
}

/** The mean of the turns of each round. */
function roundsOf(answers) {
  const mean = (turns) => turns.reduce((sum, { microseconds }) => sum + microseconds, 0) / turns.length;
  const figures = (turns) =>
    Array.from({ length: turns.length / TURNS }, (_, round) => mean(turns.slice(round * TURNS, (round + 1) * TURNS)));
  return new Map([...answers].map(([name, turns]) => [name, figures(turns)]));
}
