import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isRecord, isStringMap } from '../../internal/is-record.js';
import { endpointOf } from '../../api/endpoints.js';
import { REFUSAL_SHAPES } from '../api/refusal.js';
import { rowOfCode } from '../../errors/error-catalog.js';
import { LONGEST_TIMER_MS } from '../../internal/timer-limit.js';
import { waitOf } from '../clock/duration.js';
import { WEBHOOK_FAULTS, type Fault } from './fault-rule.js';

const CALL_MEMBERS = new Set(['call', 'latencyMs', 'work', 'lateBy', 'answer', 'times', 'probability']);
const WEBHOOK_MEMBERS = new Set(['webhook', 'event', 'orderId', 'delay', 'times', 'probability']);
const MAX_TIMES = 1_000_000_000;
const SHAPES: readonly unknown[] = REFUSAL_SHAPES;

/**
 * Checks a fault, which may come from outside.
 *
 * @throws RangeError that says what is wrong
 */
export function checkedFault(fault: unknown): Fault {
  if (!isFault(fault)) throw new RangeError(`${JSON.stringify(fault)} is no fault: give an object.`);
  const isWebhook = 'webhook' in fault;
  const members = isWebhook ? WEBHOOK_MEMBERS : CALL_MEMBERS;
  const unknown = Object.keys(fault).filter((name) => !members.has(name));
  if (unknown.length > 0) {
    throw new RangeError(`A fault has no ${unknown.join(', ')}: it can have ${[...members].join(', ')}.`);
  }
  const { times = 1, probability = 1 } = fault;
  if (times !== 'always' && !(Number.isInteger(times) && times >= 1 && times <= MAX_TIMES)) {
    throw new RangeError(`times must be a whole number of at least 1 and at most ${MAX_TIMES}, or "always".`);
  }
  if (!(typeof probability === 'number' && probability >= 0 && probability <= 1)) {
    throw new RangeError('probability must be a number from 0 to 1.');
  }
  if (isWebhook) {
    if (!WEBHOOK_FAULTS.includes(fault.webhook)) {
      throw new RangeError(`webhook must be one of ${WEBHOOK_FAULTS.join(', ')}.`);
    }
    if (fault.delay !== undefined) waitOf('delay', fault.delay);
    if (!listed(fault.event).every((event) => typeof event === 'string')) {
      throw new RangeError('event must be a text, or a list of texts.');
    }
    if (fault.orderId !== undefined && typeof fault.orderId !== 'string')
      throw new RangeError('orderId must be a text.');
    return fault;
  }
  const { call, latencyMs = 0, work, lateBy = 0, answer } = fault;
  for (const name of listed(call)) {
    if (typeof name !== 'string' || !endpointOf(name)) {
      throw new RangeError(`${JSON.stringify(name)} is no call of Lalamove's: try "placeOrder".`);
    }
  }
  if (!(typeof latencyMs === 'number' && latencyMs >= 0 && latencyMs <= LONGEST_TIMER_MS)) {
    throw new RangeError(`latencyMs must be a number of ms, at least 0 and at most ${LONGEST_TIMER_MS}.`);
  }
  if (work !== undefined && !['skipped', 'done', 'late'].includes(work)) {
    throw new RangeError('work must be "skipped", "done" or "late".');
  }
  waitOf('lateBy', lateBy);
  checkAnswer(answer);
  if (answer === undefined && latencyMs === 0 && (work === undefined || work === 'done')) {
    throw new RangeError('A fault does something: give it an answer, a latencyMs, work, or webhook.');
  }
  return fault;
}

/** The members are looked at one by one above; a name that is none of them has been refused. */
function isFault(fault: unknown): fault is Fault {
  return isRecord(fault);
}

/** What was said once, or in a list, as a list; an empty one where nothing was said. */
function listed(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function checkHeaders(headers: unknown): void {
  if (headers === undefined) return;
  if (!isStringMap(headers)) throw new RangeError('The headers of an answer must be an object of texts.');
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new RangeError(`An answer cannot have the header ${JSON.stringify(name)}: ${JSON.stringify(value)}.`);
    }
  }
}

function checkAnswer(answer: unknown): void {
  if (answer === undefined || answer === 'reset' || answer === 'hang' || answer === 'truncate') return;
  if (!isRecord(answer) || !('code' in answer || 'status' in answer)) {
    throw new RangeError(
      'answer must be "reset", "hang", "truncate", { code } of the error table, or { status, body }.',
    );
  }
  const { code, status, shape, headers } = answer;
  checkHeaders(headers);
  if (code !== undefined && !(typeof code === 'string' && rowOfCode(code))) {
    throw new RangeError(`The error catalog has no row for ${JSON.stringify(code)}.`);
  }
  if (
    status !== undefined &&
    !(typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 999)
  ) {
    throw new RangeError('The status of an answer must be a whole number from 200 to 999.');
  }
  if (shape !== undefined && !SHAPES.includes(shape)) {
    throw new RangeError(`The shape of a refusal must be one of ${SHAPES.join(', ')}.`);
  }
  if (code === undefined && typeof answer.body !== 'string')
    throw new RangeError('An answer { status } needs a body: a text.');
}
