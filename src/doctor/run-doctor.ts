import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { isRecord } from '../internal/is-record.js';
import { wordsOf } from '../internal/log-line.js';
import { withoutKeys } from '../internal/without-keys.js';
import { optionsInEnv, withVariable } from '../lalamove.environment.js';
import { formatDoctorReport } from './format-report.js';
import { LalamoveDoctor } from './lalamove-doctor.js';

const USAGE = `lalamove-doctor: checks keys, market, connection, clock and webhook URL. It never spends.

It reads the environment (LALAMOVE_API_KEY, LALAMOVE_API_SECRET, LALAMOVE_MARKET and the variables of .env.example).
A flag has precedence over its variable.

  --env-file .env          reads variables from a file too; those of the environment have precedence
  --prefix LALAMOVE_       the prefix of the variables, for a second account
  --api-key, --api-secret  the keys; other users of the machine may see arguments, so prefer the environment
  --market HK              the market of the keys
  --environment sandbox    sandbox, production; by default by the prefix of the key
  --base-url               another host
  --language en_HK         a language to check
  --webhook-url            the public URL of your webhooks, which gets signed test events; handlers do not run
  --timeout-ms 10000       how long each answer may take
  --json                   prints the report as JSON
  --help

Exit code: 0 if no check failed, 1 if one failed, 2 if the arguments are wrong.
`;

const OPTIONS = {
  'env-file': { type: 'string' },
  prefix: { type: 'string', default: 'LALAMOVE_' },
  'api-key': { type: 'string' },
  'api-secret': { type: 'string' },
  market: { type: 'string' },
  environment: { type: 'string' },
  'base-url': { type: 'string' },
  language: { type: 'string' },
  'webhook-url': { type: 'string' },
  'timeout-ms': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Arguments = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** The surroundings of the command. */
export interface DoctorSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the output goes to a terminal that shows colours. */
  readonly isColoured: boolean;
  /** The working folder. */
  readonly folder?: string;
}

/** What the command prints, and its exit code: 0, 1 if a check failed, 2 for wrong arguments. */
export interface DoctorResult {
  readonly code: 0 | 1 | 2;
  readonly out: string;
  readonly err: string;
}

/** Runs `lalamove-doctor`. */
export async function runDoctor(args: readonly string[], surroundings: DoctorSurroundings): Promise<DoctorResult> {
  let doctor: LalamoveDoctor;
  let values: Arguments;
  try {
    values = parseArgs({ args: [...args], options: OPTIONS }).values;
    if (values.help) return { code: 0, out: USAGE, err: '' };
    doctor = doctorFor(values, surroundings.env);
  } catch (error) {
    // It may quote an argument.
    const message = withoutKeys(wordsOf(error));
    return { code: 2, out: '', err: `${message}\nTry --help.\n` };
  }
  const report = await doctor.examine();
  const text = values.json ? JSON.stringify(report, undefined, 2) : formatDoctorReport(report, surroundings.isColoured);
  return { code: report.ok ? 0 : 1, out: `${text}\n`, err: forgottenFile(values, surroundings) };
}

/** A hint if a required variable is missing, and a file that may have it was not named. */
function forgottenFile(values: Arguments, { env, folder = process.cwd() }: DoctorSurroundings): string {
  const given = [
    values['api-key'] ?? env[`${values.prefix}API_KEY`],
    values['api-secret'] ?? env[`${values.prefix}API_SECRET`],
    values.market ?? env[`${values.prefix}MARKET`],
  ];
  const isMissing = given.some((value) => (value ?? '').trim() === '');
  const isForgotten = isMissing && values['env-file'] === undefined && existsSync(join(folder, '.env'));
  return isForgotten ? 'There is a .env here: pass --env-file .env\n' : '';
}

function doctorFor(values: Arguments, env: DoctorSurroundings['env']): LalamoveDoctor {
  const { prefix } = values;
  const variables = values['env-file'] === undefined ? env : { ...variablesIn(values['env-file']), ...env };
  const found = optionsInEnv(variables, prefix);
  const flags = {
    apiKey: values['api-key'],
    apiSecret: values['api-secret'],
    market: values.market,
    environment: environmentOf(values.environment),
    baseUrl: values['base-url'],
    language: values.language,
    webhookUrl: values['webhook-url'],
    timeoutMs: values['timeout-ms'] === undefined ? undefined : Number(values['timeout-ms']),
  };
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return new LalamoveDoctor({ ...(isRecord(found) ? found : {}), ...given }, (problem) =>
    withVariable(problem, prefix),
  );
}

function environmentOf(text: string | undefined): 'sandbox' | 'production' | undefined {
  if (text === undefined || text === 'sandbox' || text === 'production') return text;
  throw new RangeError('--environment must be sandbox or production.');
}

function variablesIn(file: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = isRecord(error) && typeof error.code === 'string' ? error.code : 'it is no text';
    throw new RangeError(`--env-file: ${file} cannot be read: ${why}.`, { cause: error });
  }
}
