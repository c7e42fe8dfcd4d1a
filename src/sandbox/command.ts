#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { City } from '../api/answers/city.js';
import { isRecord } from '../internal/is-record.js';
import { LalamoveSandbox } from './lalamove-sandbox.js';
import { checkScript, isDriverScriptName } from './simulation/driver-script.js';
import type { LalamoveSandboxOptions } from './sandbox.options.js';
import { SandboxClock } from './clock/sandbox-clock.js';
import { checkCities } from './state/check-cities.js';

const USAGE = `lalamove-sandbox: runs a local Lalamove.

  --port 4010              the port; 0 takes a free one
  --host 127.0.0.1         the control API has no password: listen on loopback unless the network is private
  --api-key, --api-secret  the keys; by default pk_test_sandbox and sk_test_sandbox
  --seed                   the seed of all random choices, also of ids; by default a new one each time
  --drivers still          what drivers do: still, quick, prompt, signing, late, leaving, rejecting, failing, replaced,
                           mixed
  --speed 1                1 is real time, 60 an hour a minute, 0 stands still
  --start-at               the time at the start, ISO 8601
  --rate-limits sandbox    sandbox, production, off
  --dialect v3             v3, v2
  --validation schema      schema: ERR_INVALID_FIELD, all errors at once; codes: the older codes, one at a time
  --delivery-codes         gives each drop-off a delivery code
  --cities cities.json     your account's answer to GET /v3/cities, as a JSON file
  --tiles                  a tile server for the page's maps: https://tiles.example.com/{z}/{x}/{y}.png
  --tiles-attribution      what its owner wants to be shown on the map
  --log                    prints each request, answer, event and webhook
  --help
`;

const OPTIONS = {
  port: { type: 'string', default: '4010' },
  host: { type: 'string' },
  'api-key': { type: 'string' },
  'api-secret': { type: 'string' },
  seed: { type: 'string' },
  drivers: { type: 'string', default: 'still' },
  speed: { type: 'string', default: '1' },
  'start-at': { type: 'string' },
  'rate-limits': { type: 'string', default: 'sandbox' },
  dialect: { type: 'string', default: 'v3' },
  validation: { type: 'string', default: 'schema' },
  'delivery-codes': { type: 'boolean', default: false },
  cities: { type: 'string' },
  tiles: { type: 'string' },
  'tiles-attribution': { type: 'string', default: '' },
  log: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Arguments = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

function optionsOf(values: Arguments): LalamoveSandboxOptions {
  const port = numberOf('port', values.port);
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new RangeError('--port must be a number from 0 to 65535.');
  const { host, seed, drivers, dialect, validation } = values;
  const [apiKey, apiSecret, startAt] = [values['api-key'], values['api-secret'], values['start-at']];
  const limits = values['rate-limits'];
  if (limits !== 'sandbox' && limits !== 'production' && limits !== 'off') {
    throw new RangeError('--rate-limits must be sandbox, production or off.');
  }
  if (dialect !== 'v3' && dialect !== 'v2') throw new RangeError('--dialect must be v3 or v2.');
  if (validation !== 'schema' && validation !== 'codes') throw new RangeError('--validation must be schema or codes.');
  return {
    port,
    ...(host !== undefined && { host }),
    ...(apiKey !== undefined && { apiKey }),
    ...(apiSecret !== undefined && { apiSecret }),
    ...(seed !== undefined && { seed }),
    drivers: isDriverScriptName(drivers) ? drivers : checkScript(drivers),
    clock: new SandboxClock({ speed: numberOf('speed', values.speed), ...(startAt !== undefined && { startAt }) }),
    rateLimits: limits === 'off' ? false : limits,
    dialect,
    validation,
    deliveryCodes: values['delivery-codes'],
    ...(values.cities !== undefined && { cities: citiesIn(values.cities) }),
    ...(values.tiles !== undefined && { tiles: { url: values.tiles, attribution: values['tiles-attribution'] } }),
  };
}

/** Reads the list from a file, which may also contain the whole answer of `GET /v3/cities`. */
function citiesIn(file: string): City[] {
  const read = jsonIn(file);
  const cities: unknown = isRecord(read) && 'data' in read ? read.data : read;
  return checkCities(cities);
}

function jsonIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new RangeError(`--cities: ${file} is not a file with JSON: ${messageOf(error)}`, { cause: error });
  }
}

/** Prints the log of the sandbox; without `--log` only its warnings. */
async function print(sandbox: LalamoveSandbox, isAll: boolean): Promise<void> {
  // The reader of a pipe may close it at any time.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  for await (const { at, kind, ...fields } of sandbox.control.watch()) {
    const line = `${at} ${kind} ${JSON.stringify(fields)}\n`;
    if (kind === 'untimely') process.stderr.write(line);
    else if (isAll) process.stdout.write(line);
  }
}

/** `Number('')` is 0, but an empty text is not a number here. */
function numberOf(name: string, text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(number)) throw new RangeError(`--${name} must be a number, not ${JSON.stringify(text)}.`);
  return number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const sandbox = await LalamoveSandbox.start(optionsOf(values));
  const { url, apiKey, apiSecret } = sandbox;
  process.stdout.write(
    [
      `The sandbox listens on ${url}`,
      '',
      `LALAMOVE_BASE_URL=${url}`,
      `LALAMOVE_API_KEY=${apiKey}`,
      `LALAMOVE_API_SECRET=${apiSecret}`,
      'LALAMOVE_MARKET=HK',
      '',
      `Its page: ${url}/`,
      `Its control API: curl ${url}/_sandbox/ledger`,
      'Stop it with Ctrl+C.',
      '',
    ].join('\n'),
  );
  const stop = (): void => {
    void sandbox.stop();
  };
  void print(sandbox, values.log);
  process.once('SIGINT', stop).once('SIGTERM', stop);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isTaken = 'code' in error && error.code === 'EADDRINUSE';
  return isTaken ? `${error.message}: choose another port with --port, or 0 for a free one.` : error.message;
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\nTry --help.\n`);
  process.exitCode = 1;
});
