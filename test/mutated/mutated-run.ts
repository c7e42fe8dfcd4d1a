import { makeCall, MUTATED_KEYS, planCall, type PlannedCall } from './mutated-calls.js';
import { MutatedServer } from './mutated-server.js';
import { MutatedTally, type Outcome } from './mutated-tally.js';
import { startLalamove } from '../support/lalamove.js';
import { grown, heapInUse, openResources, watchProcess } from '../support/process-watch.js';

/** The calls of a run. */
export interface MutatedRunOptions {
  seed: number;
  /** The number of calls. */
  runs: number;
  /** The index of the first call; with `runs: 1` it repeats one call alone. */
  first?: number;
  /** Called after every tenth of the run. */
  onTenth?: (done: number, heap: number | undefined) => void;
}

/** The result of a run. */
export interface MutatedReport {
  tally: MutatedTally;
  /** Unhandled rejections and errors, and warnings of Node. */
  unhandled: readonly string[];
  /** Connections that the client left open although their answers were not whole. */
  lingering: number;
  /** Connections that were open after the module was closed. */
  openAfterClose: number;
  /** The number of connections. */
  connections: number;
  /** Sockets and timers that remain, by kind. */
  leaks: readonly string[];
  /** The bytes in use at every tenth of the run, if they can be measured. */
  heaps: readonly number[];
  elapsedMs: number;
}

const IN_FLIGHT = 32;

/** Makes calls with mutated answers, and compares the result of each with the bytes of its answer. */
export async function runMutated({ seed, runs, first = 0, onTenth }: MutatedRunOptions): Promise<MutatedReport> {
  const startedAt = performance.now();
  const before = openResources();
  const watch = watchProcess();
  const restore = noStacks();
  const planned = new Map<string, PlannedCall>();
  const server = await MutatedServer.start(({ id, signature }, attempt) => planned.get(id)?.answer(attempt, signature));
  const retry = { baseDelayMs: 1, maxDelayMs: 1 };
  const options = { ...MUTATED_KEYS, baseUrl: server.url, retry, rateLimit: false } as const;
  const plain = await startLalamove(options);
  const intercepted = await startLalamove(options, ({ axiosRef }) =>
    axiosRef.interceptors.request.use((config) => config),
  );
  const tally = new MutatedTally();
  const heaps: number[] = [];
  let next = first;

  const work = async (): Promise<void> => {
    while (next < first + runs) {
      const call = planCall(seed, next);
      next += 1;
      planned.set(call.requestId, call);
      const { lalamove } = call.intercepted ? intercepted : plain;
      const outcome = await outcomeOf(makeCall(lalamove, call));
      planned.delete(call.requestId);
      tally.add(call, server.take(call.requestId), outcome);
      if (tally.calls % Math.ceil(runs / 10) !== 0) continue;
      const heap = heapInUse();
      if (heap !== undefined) heaps.push(heap);
      onTenth?.(tally.calls, heap);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));

  await until(() => server.lingering === 0);
  const { lingering } = server;
  await plain.close();
  await intercepted.close();
  await until(() => server.open === 0);
  const { open: openAfterClose, connections, strays } = server;
  tally.addStrays(strays);
  await server.stop();
  await until(() => grown(before, openResources()).length === 0);
  const leaks = grown(before, openResources());
  restore();
  watch.stop();
  const elapsedMs = performance.now() - startedAt;
  return { tally, unhandled: watch.seen, lingering, openAfterClose, connections, leaks, heaps, elapsedMs };
}

async function outcomeOf(promise: Promise<unknown>): Promise<Outcome> {
  try {
    return { data: await promise };
  } catch (error) {
    return { error };
  }
}

/** Jest looks up the source of every line of every stack that is read, which takes longer than the call. */
function noStacks(): () => void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  return () => {
    Error.stackTraceLimit = stackTraceLimit;
  };
}

/** Waits up to two seconds for a condition; the caller checks whether it holds. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 2000;
  while (!holds() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
}
