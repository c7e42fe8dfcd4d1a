import { validateHeaderName, validateHeaderValue } from 'node:http';
import { endpointOf } from '../../api/endpoints.js';
import { rowOfCode } from '../../errors/error-catalog.js';
import { isRecord, isStringMap } from '../../internal/is-record.js';
import { LONGEST_TIMER_MS } from '../../internal/timer-limit.js';
import {
  sentencesOf,
  validateOptions,
  type OptionChecks,
  type OptionProblem,
} from '../../internal/validate-options.js';
import { isNumberFrom, isOneOf, isWholeFrom } from '../../internal/value-checks.js';
import { REFUSAL_SHAPES } from '../api/refusal.js';
import { WAIT_CHECK } from '../clock/duration.js';
import { WEBHOOK_FAULTS, type CallFault, type Fault, type FaultOccasions, type WebhookFault } from './fault-rule.js';

const MAX_TIMES = 1_000_000_000;

const OCCASIONS: OptionChecks<keyof FaultOccasions> = {
  times: {
    holds: (value) => value === 'always' || isWholeFrom(1, MAX_TIMES)(value),
    remedy: `must be a whole number of at least 1 and at most ${MAX_TIMES}, or "always"`,
  },
  probability: { holds: isNumberFrom(0, 1), remedy: 'must be a number from 0 to 1' },
};

const CALL_CHECKS: OptionChecks<keyof CallFault> = {
  call: {
    holds: (value) => listed(value).every(isCall),
    remedy: (value) =>
      `is wrong: ${JSON.stringify(listed(value).find((name) => !isCall(name)))} is no call of Lalamove's, ` +
      'try "placeOrder"',
  },
  latencyMs: {
    holds: isNumberFrom(0, LONGEST_TIMER_MS),
    remedy: `must be a number of ms, at least 0 and at most ${LONGEST_TIMER_MS}`,
  },
  work: { holds: isOneOf('skipped', 'done', 'late'), remedy: 'must be "skipped", "done" or "late"' },
  lateBy: WAIT_CHECK,
  answer: {
    holds: (value) =>
      value === 'reset' ||
      value === 'hang' ||
      value === 'truncate' ||
      (isRecord(value) && ('code' in value || 'status' in value)),
    remedy: 'must be "reset", "hang", "truncate", { code } of the error table, or { status, body }',
    more: (value) => (isRecord(value) ? answerProblems(value) : []),
  },
  ...OCCASIONS,
};

const WEBHOOK_CHECKS: OptionChecks<keyof WebhookFault> = {
  webhook: {
    holds: isOneOf(...WEBHOOK_FAULTS),
    remedy: `must be one of ${WEBHOOK_FAULTS.join(', ')}`,
    required: true,
  },
  event: {
    holds: (value) => listed(value).every((event) => typeof event === 'string'),
    remedy: 'must be a text, or a list of texts',
  },
  orderId: { holds: (value) => typeof value === 'string', remedy: 'must be a text' },
  delay: WAIT_CHECK,
  ...OCCASIONS,
};

/** A response that is given in full. It may have members that are not in this table. */
const ANSWER_CHECKS: OptionChecks = {
  code: {
    holds: (value) => typeof value === 'string' && rowOfCode(value) !== undefined,
    remedy: (value) => `is wrong: the error catalog has no row for ${JSON.stringify(value)}`,
  },
  status: {
    holds: isWholeFrom(200, 999),
    remedy: 'is wrong: the status of an answer must be a whole number from 200 to 999',
  },
  shape: {
    holds: isOneOf(...REFUSAL_SHAPES),
    remedy: `is wrong: the shape of a refusal must be one of ${REFUSAL_SHAPES.join(', ')}`,
  },
  headers: {
    holds: (value) => isStringMap(value) && invalidHeader(value) === undefined,
    remedy: (value) =>
      isStringMap(value)
        ? `is wrong: an answer cannot have the header ${invalidHeader(value) ?? ''}`
        : 'is wrong: the headers of an answer must be an object of texts',
  },
};

/**
 * Checks a fault. The fault may come from outside the process.
 *
 * @throws RangeError that lists all problems
 */
export function checkedFault(fault: unknown): Fault {
  if (!isFault(fault)) throw new RangeError(`${JSON.stringify(fault)} is no fault: give an object.`);
  const problems = validateOptions(fault, 'webhook' in fault ? WEBHOOK_CHECKS : CALL_CHECKS, {
    unknown: (names, known) => [{ option: '', message: `has no ${names.join(', ')}: it can have ${known.join(', ')}` }],
  });
  if (problems.length > 0) throw new RangeError(sentencesOf(problems, 'A fault').join(' '));
  if (!('webhook' in fault) && doesNothing(fault)) {
    throw new RangeError('A fault does something: give it an answer, a latencyMs, work, or webhook.');
  }
  return fault;
}

/** These members are checked later, one by one. Any other name is an error. */
function isFault(fault: unknown): fault is Fault {
  return isRecord(fault);
}

function doesNothing({ answer, latencyMs = 0, work = 'done' }: CallFault): boolean {
  return answer === undefined && latencyMs === 0 && work === 'done';
}

/** Converts a single value to a list. A list is returned unchanged. */
function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isCall(name: unknown): boolean {
  return typeof name === 'string' && endpointOf(name) !== undefined;
}

function answerProblems(answer: Record<string, unknown>): OptionProblem[] {
  const problems = validateOptions(answer, ANSWER_CHECKS, { unknown: () => [] });
  if (answer.code !== undefined || typeof answer.body === 'string') return problems;
  return [...problems, { option: 'body', message: 'is missing: an answer { status } needs a body: a text' }];
}

/** Describes the first header that HTTP does not allow. */
function invalidHeader(headers: Record<string, string>): string | undefined {
  const invalid = Object.entries(headers).find(([name, value]) => !isHeader(name, value));
  return invalid?.map((part) => JSON.stringify(part)).join(': ');
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
