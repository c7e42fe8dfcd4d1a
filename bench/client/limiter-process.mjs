// A separate process: the time that the limiter adds to a call while tokens are free. It measures with and without the
// limiter in turns in one process, because 5 µs is less than the noise between two processes. Both use the stub
// adapter.
import { makeContender, OURS_STUBBED, OURS_STUBBED_LIMITED } from './contenders.mjs';
import { inFlight } from './in-flight.mjs';
import { answering } from './processes.mjs';
import { median } from './report.mjs';

const PAIRS = 61;
const CALLS = 200;
const WARM_UP = 3000;

const off = await makeContender(OURS_STUBBED);
const on = await makeContender(OURS_STUBBED_LIMITED);

async function cost(call) {
  const start = process.cpuUsage();
  await inFlight(call, CALLS);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / CALLS;
}

for (const { GET, POST } of [off, on, off, on]) {
  await inFlight(GET, WARM_UP);
  await inFlight(POST, WARM_UP);
}

answering(async ({ method }) => {
  const differences = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const [first, second] = pair % 2 ? [off, on] : [on, off];
    const costs = new Map([[first, await cost(first[method])]]);
    costs.set(second, await cost(second[method]));
    differences.push(costs.get(on) - costs.get(off));
  }
  return { microseconds: median(differences) };
});
