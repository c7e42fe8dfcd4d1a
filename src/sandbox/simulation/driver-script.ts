import { isRecord } from '../../internal/is-record.js';
import { waitOf, type Duration } from '../clock/duration.js';

const CANCEL_PARTIES = ['USER', 'DRIVER', 'LALAMOVE_CUSTOMER_SUPPORT'] as const;

/** Who cancels or edits an order. */
export type CancelParty = (typeof CANCEL_PARTIES)[number];

/**
 * One step of a courier or of Lalamove's customer service. `after` is the pause before it; each step has a default.
 *
 * - `accept`: a courier accepts, and the order is `ON_GOING`.
 * - `reject`: the courier gives the order back. After `maxRejections` times it is `REJECTED`.
 * - `arrive`: the courier is at the pick-up, not before `scheduleAt`.
 * - `pick-up`: the goods are on board, with a photo if the order has `isPODEnabled`.
 * - `set-off`: the order is `DELIVERING`, in markets that have this status.
 * - `deliver`: a drop-off is delivered, with `proof`. `fail`: it failed. `stop` 1 is the first drop-off. Without `stop`
 *   a script continues with all drop-offs that are left; by hand it is the next one.
 * - `complete`: the order is `COMPLETED`.
 * - `cancel`: customer service cancels the order.
 * - `replace`: customer service cancels the order, and books a new one `gap` later.
 */
export type DriverStep = { readonly after?: Duration } & (
  | { readonly do: 'accept' }
  | { readonly do: 'reject' }
  | { readonly do: 'arrive' }
  | { readonly do: 'pick-up' }
  | { readonly do: 'set-off' }
  | { readonly do: 'complete' }
  | { readonly do: 'deliver'; readonly stop?: number; readonly proof?: 'photo' | 'signature' }
  | { readonly do: 'fail'; readonly stop?: number }
  | { readonly do: 'cancel'; readonly by?: CancelParty; readonly reason?: string }
  | { readonly do: 'replace'; readonly gap?: Duration }
);

const TO_THE_DOOR: readonly DriverStep[] = [{ do: 'arrive' }, { do: 'pick-up' }, { do: 'deliver' }, { do: 'complete' }];

/** The scripts by name. */
export const DRIVER_SCRIPTS = {
  /** Nothing happens by itself. Without a courier an order expires after 2 hours. */
  still: [],
  /** Accepted in 30 seconds, delivered with photos. */
  prompt: [{ do: 'accept' }, ...TO_THE_DOOR],
  /** Delivered within ten seconds of real time: for a first try. */
  quick: [
    { do: 'accept', after: '2s' },
    { do: 'arrive', after: '2s' },
    { do: 'pick-up', after: '2s' },
    { do: 'deliver', after: '2s' },
    { do: 'complete', after: '1s' },
  ],
  /** Delivered with signatures. */
  signing: [
    { do: 'accept' },
    { do: 'arrive' },
    { do: 'pick-up' },
    { do: 'deliver', proof: 'signature' },
    { do: 'complete' },
  ],
  /** The courier needs 45 minutes to the pick-up. */
  late: [{ do: 'accept' }, { do: 'arrive', after: '45m' }, ...TO_THE_DOOR.slice(1)],
  /** The first courier gives the order back, the second one delivers it. */
  leaving: [{ do: 'accept' }, { do: 'reject', after: '8m' }, { do: 'accept', after: '4m' }, ...TO_THE_DOOR],
  /** Each courier gives the order back, until it is `REJECTED`. */
  rejecting: Array.from({ length: 10 }, (): DriverStep[] => [{ do: 'accept' }, { do: 'reject' }]).flat(),
  /** The first drop-off fails, but the order is completed. */
  failing: [
    { do: 'accept' },
    { do: 'arrive' },
    { do: 'pick-up' },
    { do: 'fail', stop: 1 },
    { do: 'deliver' },
    { do: 'complete' },
  ],
  /** Customer service cancels the order and books a new one, which is delivered. */
  replaced: [{ do: 'accept' }, { do: 'replace', after: '6m', gap: '2m' }, { do: 'accept' }, ...TO_THE_DOOR],
} as const satisfies Record<string, readonly DriverStep[]>;

/** The name of a script. */
export type DriverScriptName = keyof typeof DRIVER_SCRIPTS;

/**
 * What couriers do with an order: the name of a script, `'mixed'` for a random choice by the seed (mostly `prompt`), or
 * a list of steps.
 */
export type DriverScript = DriverScriptName | 'mixed' | readonly DriverStep[];

/** The share of each script in `'mixed'`, out of twenty. */
const MIX: readonly (readonly [DriverScriptName, number])[] = [
  ['prompt', 11],
  ['signing', 3],
  ['late', 2],
  ['leaving', 1],
  ['failing', 1],
  ['replaced', 1],
  ['rejecting', 1],
];

/** The members of each step, besides `do` and `after`. */
const MEMBERS = {
  accept: [],
  reject: [],
  arrive: [],
  'pick-up': [],
  'set-off': [],
  deliver: ['stop', 'proof'],
  fail: ['stop'],
  complete: [],
  cancel: ['by', 'reason'],
  replace: ['gap'],
} as const satisfies Record<DriverStep['do'], readonly string[]>;

const PROOFS: ReadonlySet<string> = new Set(['photo', 'signature']);

/** Whether a value is the name of a script. */
export function isDriverScriptName(name: unknown): name is DriverScriptName {
  return typeof name === 'string' && Object.hasOwn(DRIVER_SCRIPTS, name);
}

/** The steps of a script. `fraction` returns a random number from 0 to 1, which chooses the script for `'mixed'`. */
export function stepsOf(script: DriverScript, fraction: () => number): readonly DriverStep[] {
  if (script !== 'mixed') return typeof script === 'string' ? DRIVER_SCRIPTS[script] : script;
  let rest = fraction() * MIX.reduce((sum, [, share]) => sum + share, 0);
  const [name] = MIX.find(([, share]) => (rest -= share) < 0) ?? ['prompt' as const];
  return DRIVER_SCRIPTS[name];
}

/**
 * Checks a script that may be of any type.
 *
 * @throws RangeError if it is not a script
 */
export function checkScript(script: unknown): DriverScript {
  if (script === 'mixed' || isDriverScriptName(script)) return script;
  if (Array.isArray(script)) return script.map(checkStep);
  const names = [...Object.keys(DRIVER_SCRIPTS), 'mixed'].join(', ');
  throw new RangeError(
    `${JSON.stringify(script)} is not a script for drivers: give one of ${names}, ` +
      'or a list of steps such as [{ "do": "accept", "after": "1m" }].',
  );
}

/**
 * Checks a step that may be of any type.
 *
 * @throws RangeError if it is not a step
 */
export function checkStep(step: unknown): DriverStep {
  if (!isStep(step)) {
    const names = Object.keys(MEMBERS).join(', ');
    throw new RangeError(`${JSON.stringify(step)} is not a step of a driver: give { "do": … } with one of ${names}.`);
  }
  const members: readonly string[] = ['do', 'after', ...MEMBERS[step.do]];
  const unknown = Object.keys(step).filter((name) => !members.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(`The step ${step.do} has no ${unknown.join(', ')}: it can have ${members.join(', ')}.`);
  }
  if (step.after !== undefined) waitOf('after', step.after);
  if (step.do === 'replace' && step.gap !== undefined) waitOf('gap', step.gap);
  const stop = step.do === 'deliver' || step.do === 'fail' ? step.stop : undefined;
  if (stop !== undefined && !(Number.isInteger(stop) && stop >= 1)) {
    throw new RangeError(`The stop of a step must be a whole number; 1 is the first drop-off, not ${String(stop)}.`);
  }
  if (step.do === 'deliver' && step.proof !== undefined && !PROOFS.has(step.proof)) {
    throw new RangeError(`The proof of a step must be one of ${[...PROOFS].join(', ')}, not ${step.proof}.`);
  }
  if (step.do === 'cancel') checkCancellation(step);
  return step;
}

function checkCancellation({ by, reason }: { by?: unknown; reason?: unknown }): void {
  if (by !== undefined && !CANCEL_PARTIES.some((party) => party === by)) {
    throw new RangeError(`by must be one of ${CANCEL_PARTIES.join(', ')}, not ${JSON.stringify(by)}.`);
  }
  if (reason !== undefined && typeof reason !== 'string')
    throw new RangeError('The reason of a cancellation must be a string.');
}

function isStep(step: unknown): step is DriverStep {
  return isRecord(step) && typeof step.do === 'string' && Object.hasOwn(MEMBERS, step.do);
}
