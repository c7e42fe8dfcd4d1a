import { LALAMOVE_HOSTS, withoutVersion } from '../api/hosts.js';
import { LalamoveSandbox } from '../sandbox/lalamove-sandbox.js';
import type { LalamoveSandboxOptions } from '../sandbox/sandbox.options.js';
import { checkCities } from '../sandbox/state/check-cities.js';
import { marketFacts } from '../sandbox/state/market-facts.js';
import { checkConformanceOptions, isLoopback } from './check-conformance-options.js';
import { compareRuns } from './compare-runs.js';
import type { ConformanceOptions } from './conformance.options.js';
import type { ConformanceReport } from './conformance-report.js';
import { scenarioMarket } from './scenario.js';
import { citiesOf, ScenarioRun, type StepRun } from './scenario-run.js';

const DEFAULT_TIMEOUT_MS = 15_000;

/** The pause between two requests to an API that others use too. */
const PAUSE_MS = 300;

/**
 * Runs the scenario against an API and against a {@link LalamoveSandbox}, and compares the answers. It places up to
 * three orders with the sandbox's keys, and cancels them.
 *
 * @throws RangeError for keys of production, for production's host, and for other wrong options; nothing is sent then
 *
 * @example
 * const { differences } = await runConformance({ apiKey, apiSecret, market: 'HK' });
 */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  checkConformanceOptions(options);
  const { apiKey, apiSecret, limits = false, signal, onStep, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const market = options.market.toUpperCase();
  const facts = marketFacts(market);
  if (!facts) throw new RangeError(`The sandbox does not know the market ${market}.`);
  const places = scenarioMarket(market, facts);
  const baseUrl = withoutVersion(options.baseUrl ?? LALAMOVE_HOSTS.sandbox);
  const pauseMs = isLoopback(baseUrl) ? 0 : PAUSE_MS;
  const target = new ScenarioRun({ apiKey, apiSecret, market, baseUrl, timeoutMs, pauseMs }, places);
  await target.run({ limits, signal, onStep });

  // With a driver as soon as the API had one, because the answers depend on it.
  const drivers = target.hadDriver ? { drivers: [{ do: 'accept', after: '0s' }] as const } : {};
  const own = { sandbox: { ...drivers, ...options.reference }, market, limits, timeoutMs };
  const steps = await runOnSandbox(own, places, target);
  const { differences, notCompared } = compareRuns(target.steps, steps);
  const { leftOver, hasUnknownOrder, exchanges } = target;
  const isInterrupted = signal?.aborted ?? false;
  return {
    ok: differences.length === 0 && leftOver.length === 0 && !hasUnknownOrder && !isInterrupted,
    market,
    steps: target.steps.filter(({ answer }) => answer !== undefined).map(({ step }) => step.name),
    differences,
    notCompared,
    leftOver,
    hasUnknownOrder,
    isInterrupted,
    exchanges,
  };
}

interface OwnRun {
  readonly sandbox: LalamoveSandboxOptions;
  readonly market: string;
  readonly limits: boolean;
  readonly timeoutMs: number;
}

/**
 * Runs the scenario on a sandbox. If the API has services that the sandbox does not know, the sandbox gets the API's
 * list, and the step of the list itself is run on a sandbox with its own one.
 */
async function runOnSandbox(
  own: OwnRun,
  places: ReturnType<typeof scenarioMarket>,
  target: ScenarioRun,
): Promise<readonly StepRun[]> {
  const steps = await runOnce(own, places);
  const isKnown = places.facts.cities[0].services.some(({ key }) => key === target.serviceType);
  const cities = isKnown ? undefined : citiesFor(target);
  if (!cities) return steps;
  const again = await runOnce({ ...own, sandbox: { ...own.sandbox, cities } }, places);
  return again.map((step, index) => (step.step.name === 'cities' ? (steps[index] ?? step) : step));
}

async function runOnce(
  { sandbox: options, market, limits, timeoutMs }: OwnRun,
  places: ReturnType<typeof scenarioMarket>,
) {
  const sandbox = await LalamoveSandbox.start(options);
  try {
    const { apiKey, apiSecret, url: baseUrl } = sandbox;
    const run = new ScenarioRun({ apiKey, apiSecret, market, baseUrl, timeoutMs, pauseMs: 0 }, places);
    await run.run({ limits });
    return run.steps;
  } finally {
    await sandbox.stop();
  }
}

/** The API's cities; `undefined` if the sandbox cannot use them. */
function citiesFor(target: ScenarioRun): LalamoveSandboxOptions['cities'] {
  const answer = target.steps.find(({ step }) => step.name === 'cities')?.answer;
  if (!answer || !('status' in answer)) return undefined;
  try {
    return checkCities(citiesOf(answer.text));
  } catch {
    return undefined;
  }
}
