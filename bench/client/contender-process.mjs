// The process of one contender: makes the requested calls and reports their cost.
import { Session } from 'node:inspector';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeContender } from './contenders.mjs';
import { IN_FLIGHT, inFlight } from './in-flight.mjs';
import { answering } from './processes.mjs';

/** Sampling interval of the profiler, in µs. A shorter one costs more than it shows. */
const SAMPLING_INTERVAL = 100;

const [name, port] = process.argv.slice(2);
const contender = await makeContender(name, Number(port));

const run = ({ method, calls }) => inFlight(contender[method], calls);

/** CPU of the whole process, including the threads of the compiler and of the garbage collector. */
async function cpu({ method, calls }) {
  // Connections that were closed while others ran are opened again before the measurement starts.
  await run({ method, calls: IN_FLIGHT * 4 });
  const start = process.cpuUsage();
  await run({ method, calls });
  const { user, system } = process.cpuUsage(start);
  return { microseconds: (user + system) / calls };
}

const memory = () => {
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, external };
};

/** How much heap and external memory (the bytes of buffers) grow without garbage collection. */
async function allocation({ method, calls }) {
  // The first collection frees the memory of buffers in another thread; the second waits for it.
  globalThis.gc();
  globalThis.gc();
  await run({ method, calls: IN_FLIGHT });
  let collections = 0;
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length));
  observer.observe({ entryTypes: ['gc'] });
  const before = memory();
  await run({ method, calls });
  const after = memory();
  // Entries arrive in the next turn of the event loop.
  await wait(20);
  collections += observer.takeRecords().length;
  observer.disconnect();
  return {
    heap: (after.heap - before.heap) / calls,
    external: (after.external - before.external) / calls,
    collections,
  };
}

/** A CPU profile of the calls alone, without start and warm-up. */
async function profile({ method, calls }) {
  const session = new Session();
  session.connect();
  const post = promisify(session.post.bind(session));
  await post('Profiler.enable');
  await post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL });
  await post('Profiler.start');
  await run({ method, calls });
  const { profile: recorded } = await post('Profiler.stop');
  session.disconnect();
  return { profile: recorded };
}

const TASKS = { run, cpu, allocation, profile };

answering(async ({ task, ...what }) => (await TASKS[task](what)) ?? {});
