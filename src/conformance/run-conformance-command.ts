import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LALAMOVE_HOSTS } from '../api/hosts.js';
import { wordsOf } from '../internal/log-line.js';
import { withoutKeys } from '../internal/without-keys.js';
import { checkConformanceOptions, isLoopback } from './check-conformance-options.js';
import type { ConformanceOptions } from './conformance.options.js';
import { formatConformanceReport } from './conformance-report.js';
import type { RecordedExchange } from './recorded-exchange.js';
import { runConformance } from './run-conformance.js';

const USAGE = `lalamove-conformance: compares Lalamove's sandbox with the sandbox of nestjs-lalamove.

It reads LALAMOVE_API_KEY, LALAMOVE_API_SECRET, LALAMOVE_MARKET and LALAMOVE_BASE_URL. Only pk_test_ keys are taken.

  --api-key, --api-secret  the keys; other users of the machine may see arguments, so prefer the environment
  --market HK              the market of the keys
  --base-url               the API; by default https://rest.sandbox.lalamove.com
  --yes                    starts at once; needed unless the API is on this machine
  --limits                 also exceeds a rate limit at the end
  --out FOLDER             writes each exchange as a JSON file, without keys and personal data
  --timeout-ms 15000       how long each answer may take
  --json                   prints the report as JSON
  --help

Exit code: 0 if there is no difference, 1 if there is one or an order is left, 2 if the arguments are wrong.
`;

const OPTIONS = {
  'api-key': { type: 'string' },
  'api-secret': { type: 'string' },
  market: { type: 'string' },
  'base-url': { type: 'string' },
  yes: { type: 'boolean', default: false },
  limits: { type: 'boolean', default: false },
  out: { type: 'string' },
  'timeout-ms': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** The surroundings of the command. */
export interface ConformanceSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Stops the scenario; what was placed is cancelled. */
  readonly signal: AbortSignal;
  /** Prints to stdout. */
  readonly print: (text: string) => void;
  /** Prints to stderr: the plan, the progress, and wrong arguments. */
  readonly warn: (text: string) => void;
}

/**
 * Runs `lalamove-conformance`.
 *
 * @returns the exit code: 0, 1 for differences, 2 for wrong arguments
 */
export async function runConformanceCommand(
  args: readonly string[],
  { env, signal, print, warn }: ConformanceSurroundings,
): Promise<0 | 1 | 2> {
  const parsed = parse(args, env);
  if (typeof parsed === 'string') {
    warn(`${parsed}\nTry --help.\n`);
    return 2;
  }
  const { options, values } = parsed;
  if (values.help) {
    print(USAGE);
    return 0;
  }
  const baseUrl = options.baseUrl ?? LALAMOVE_HOSTS.sandbox;
  warn(planFor(baseUrl, values.limits));
  if (!values.yes && !isLoopback(baseUrl)) {
    warn('Nothing was sent. Start it with --yes.\n');
    return 2;
  }
  const onStep = (step: string): void => {
    warn(`${step}\n`);
  };
  const report = await runConformance({ ...options, limits: values.limits, signal, onStep });
  if (values.out !== undefined) writeExchanges(values.out, report.exchanges);
  print(`${values.json ? JSON.stringify(report, undefined, 2) : formatConformanceReport(report)}\n`);
  return report.ok ? 0 : 1;
}

function planFor(baseUrl: string, limits: boolean): string {
  return [
    `About to send some 35 requests to ${new URL(baseUrl).host}: right and wrong quotations, and up to three orders`,
    'with an invented contact, which are cancelled at the end, also after Ctrl+C. Keys of the sandbox cost nothing.',
    ...(limits ? ['At the end a rate limit is exceeded: for a minute others with these keys get 429.'] : []),
    '',
  ].join('\n');
}

type Arguments = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** @returns what is wrong with the arguments, or the options */
function parse(
  args: readonly string[],
  env: ConformanceSurroundings['env'],
): string | { options: ConformanceOptions; values: Arguments } {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    const baseUrl = values['base-url'] ?? filled(env.LALAMOVE_BASE_URL);
    const timeoutMs = values['timeout-ms'];
    const options = {
      apiKey: values['api-key'] ?? filled(env.LALAMOVE_API_KEY) ?? '',
      apiSecret: values['api-secret'] ?? filled(env.LALAMOVE_API_SECRET) ?? '',
      market: values.market ?? filled(env.LALAMOVE_MARKET) ?? '',
      ...(baseUrl !== undefined && { baseUrl }),
      ...(timeoutMs !== undefined && { timeoutMs: Number(timeoutMs) }),
    };
    if (!values.help) checkConformanceOptions(options);
    return { options, values };
  } catch (error) {
    // It may quote an argument.
    return withoutKeys(wordsOf(error));
  }
}

function filled(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** Writes `01-cities.200.json` and so on. */
function writeExchanges(folder: string, exchanges: readonly RecordedExchange[]): void {
  mkdirSync(folder, { recursive: true });
  for (const [index, { step, request, response, recordedAt }] of exchanges.entries()) {
    const number = String(index + 1).padStart(2, '0');
    const result = 'status' in response ? response.status : 'lost';
    const text = JSON.stringify({ request, response, recordedAt }, undefined, 2);
    writeFileSync(join(folder, `${number}-${step}.${result}.json`), `${text}\n`);
  }
}
