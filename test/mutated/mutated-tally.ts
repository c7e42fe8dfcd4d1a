import { LalamoveException, LalamoveOutcomeUnknownException } from 'nestjs-lalamove';
import { inspect, isDeepStrictEqual } from 'node:util';
import { judge, type Ending, type Verdict } from './answer-oracle.js';
import { ORDER } from '../support/inputs.js';
import type { MutatedOperation } from './mutated-bodies.js';
import { echoOf, MUTATED_KEYS, REQUEST_LINES, type PlannedCall } from './mutated-calls.js';
import type { SeenRequest, Sending } from './mutated-server.js';

/** How a call ended. */
export type Outcome = { data: unknown } | { error: unknown };

/** A call that has ended, with its attempts at the server. */
interface EndedCall {
  call: PlannedCall;
  sendings: readonly Sending[];
  verdicts: readonly Verdict[];
  outcome: Outcome;
}

/** A report with more mismatches would be too long to read. */
const MOST_MISMATCHES = 5;

/** Compares the results of calls with the results that their answers permit, and counts them. */
export class MutatedTally {
  /** Calls with a wrong result, in full; the first few. */
  readonly mismatches: string[] = [];
  mismatched = 0;
  calls = 0;
  answers = 0;
  /** The number of each result, by operation and class. */
  readonly outcomes = new Map<MutatedOperation, Map<string, number>>();
  /** How often the grammar permitted more than one result, by reason. */
  readonly doubts = new Map<string, number>();
  /** Calls with more than one permitted result. */
  doubtful = 0;
  /** Calls that timed out before the client could read: any timeout is correct. */
  late = 0;
  /** Calls on a connection with bytes left of an earlier answer: any connection error is correct. */
  lost = 0;
  /** Calls with two attempts. */
  repeated = 0;
  /** Attempts that may still arrive at the server after the end of their calls. */
  readonly #awaited = new Map<string, number>();

  add(call: PlannedCall, sendings: readonly Sending[], outcome: Outcome): void {
    const verdicts = sendings.map(({ reading, signature }) => judge(call.operation, reading, echoOf(signature)));
    const ended = { call, sendings, verdicts, outcome };
    this.calls += 1;
    this.answers += sendings.length;
    if (sendings.length > 1) this.repeated += 1;
    const byName = this.outcomes.get(call.operation) ?? new Map<string, number>();
    this.outcomes.set(call.operation, byName);
    count(byName, nameOf(outcome));
    const doubts = new Set(verdicts.flatMap((verdict) => verdict.doubts));
    for (const doubt of doubts) count(this.doubts, doubt);
    if (doubts.size > 0) this.doubtful += 1;
    const problems = [...sendingProblems(ended), ...this.#endProblems(ended), ...exceptionProblems(ended)];
    if (problems.length > 0) this.#note(described(ended, problems));
  }

  /** Requests that arrive after the end of their call must have been sent before it. */
  addStrays(strays: readonly SeenRequest[]): void {
    for (const { id, method, path } of strays) {
      const awaited = this.#awaited.get(id) ?? 0;
      this.#awaited.set(id, awaited - 1);
      if (awaited <= 0) this.#note(`${method} ${path} (${id}) was sent although its call had ended.`);
    }
  }

  #note(mismatch: string): void {
    this.mismatched += 1;
    if (this.mismatches.length < MOST_MISMATCHES) this.mismatches.push(mismatch);
  }

  #endProblems({ call, sendings, verdicts, outcome }: EndedCall): string[] {
    const { operation, maxAttempts, stalls, requestId } = call;
    const last = verdicts.at(-1);
    // Whether there may have been an attempt that the server has not received, or not yet.
    const again = !last || (operation === 'placeOrder' ? last.refusedForNow : !last.final);
    const unseen = 'error' in outcome && verdicts.length < maxAttempts && again;
    if (unseen) this.#awaited.set(requestId, maxAttempts - verdicts.length);
    if (last && fits(operation, outcome, last)) return [];
    // A cancellation is a success if a retry after an unknown outcome is refused as already cancelled.
    const repeatedCancellation = operation === 'cancelOrder' && verdicts.length === 2;
    if (repeatedCancellation && 'data' in outcome && last?.endings.some(({ code }) => code === 'ERR_CANCELLATION')) {
      return [];
    }
    const unread = sendings.at(-1)?.settled !== true;
    if (stalls && isTimeout(outcome) && (unseen || unread)) this.late += 1;
    else if (unseen && isUnanswered(outcome)) this.lost += 1;
    else return ['ended as the wire does not allow'];
    return [];
  }
}

function sendingProblems({ call: { operation, maxAttempts }, sendings, verdicts }: EndedCall): string[] {
  const other = sendings.find(({ method, path }) => `${method} ${path}` !== REQUEST_LINES[operation]);
  if (other) return [`was sent as ${other.method} ${other.path}`];
  if (sendings.length > maxAttempts) return [`was sent ${sendings.length} times`];
  const [first, second] = verdicts;
  if (!first || !second) return [];
  const allowed = operation === 'placeOrder' ? first.refusedForNow : !first.final;
  return allowed ? [] : ['was sent again although the first answer forbids it'];
}

function fits(operation: MutatedOperation, outcome: Outcome, { data, endings }: Verdict): boolean {
  if ('error' in outcome) return endings.some((ending) => isEnding(outcome.error, ending));
  if (operation === 'cancelOrder') return data.length > 0 && outcome.data === undefined;
  return data.some((value) => isDeepStrictEqual(outcome.data, value));
}

function isEnding(error: unknown, { name, code, upstreamStatus, cause, retryAfter }: Ending): boolean {
  if (!LalamoveException.is(error) || error.name !== name || error.constructor.name !== name) return false;
  if (error.code !== code || error.upstreamStatus !== upstreamStatus) return false;
  if (retryAfter !== 'any' && error.retryAfterSeconds !== retryAfter) return false;
  return cause === undefined || isEnding(error.cause, cause);
}

/** How the last attempt ended; for an unknown outcome, its cause. */
function endOf(outcome: Outcome): LalamoveException | undefined {
  const error = 'error' in outcome && LalamoveException.is(outcome.error) ? outcome.error : undefined;
  return LalamoveException.is(error?.cause) ? error.cause : error;
}

const isTimeout = (outcome: Outcome): boolean => endOf(outcome)?.code === 'LALAMOVE_TIMEOUT';

function isUnanswered(outcome: Outcome): boolean {
  const end = endOf(outcome);
  return end?.code === 'LALAMOVE_CONNECTION' && end.upstreamStatus === undefined;
}

/** What is wrong with an exception, independent of the answer. */
function exceptionProblems({ call: { operation, requestId }, sendings, outcome }: EndedCall): string[] {
  if (!('error' in outcome)) return [];
  const { error } = outcome;
  if (!(error instanceof LalamoveException)) return ['failed with something that is no LalamoveException'];
  const { upstreamStatus, retryAfterSeconds: wait, retryable } = error;
  const unknown = error instanceof LalamoveOutcomeUnknownException;
  const mirrored = upstreamStatus !== undefined && upstreamStatus >= (unknown ? 500 : 400) && upstreamStatus <= 599;
  const text = written(error);
  const secrets = [MUTATED_KEYS.apiKey, MUTATED_KEYS.apiSecret, ...sendings.map(({ signature }) => signature)];
  const isSecret = (secret: string): boolean => text.includes(secret) || text.includes(encodeURIComponent(secret));
  const rules: readonly (readonly [broken: boolean, problem: string])[] = [
    [!(mirrored ? [upstreamStatus] : [502, 504]).includes(error.getStatus()), `answers ${error.getStatus()}`],
    [wait !== undefined && !(Number.isInteger(wait) && wait >= 0 && wait <= 86_400), `waits ${wait} s`],
    [unknown && wait !== undefined, 'says when to repeat what must not be repeated'],
    [unknown && error.quotationId !== ORDER.quotationId, 'does not say what was ordered'],
    [unknown && operation !== 'placeOrder', 'is unknown although it may be repeated'],
    [retryable && operation === 'placeOrder' && upstreamStatus !== 429, 'is called retryable although it spends'],
    [error.operation !== operation, 'names another operation'],
    [error.sentRequestId !== requestId && sendings.length > 0, 'names another request'],
    [secrets.some(isSecret), 'holds a secret'],
  ];
  return rules.flatMap(([broken, problem]) => (broken ? [problem] : []));
}

/** Every common way to print an object. */
function written(error: LalamoveException): string {
  const whole = inspect(error, { depth: Infinity, showHidden: true, getters: true });
  const texts = [JSON.stringify(error), JSON.stringify(error.getResponse()), error.message, error.stack, String(error)];
  return [...texts, whole].join('\n');
}

function nameOf(outcome: Outcome): string {
  if ('data' in outcome) return 'data';
  return outcome.error instanceof Error ? outcome.error.name : typeof outcome.error;
}

/** All data that a person needs to understand a mismatch and to repeat it. */
function described({ call, sendings, verdicts, outcome }: EndedCall, problems: readonly string[]): string {
  const { seed, index, operation, maxAttempts } = call;
  const answers = sendings.map(({ answer, settled }, at) => {
    const { traits, pieces, bytes, silence } = answer;
    const text = JSON.stringify(bytes.toString('latin1'));
    const lengths = pieces.map(({ length }) => length).join(' + ');
    return [
      `answer ${at + 1}: ${traits.join(', ')}`,
      `${lengths} bytes, then ${silence}${settled ? '' : ' (perhaps not read yet)'}`,
      text.length > 2000 ? `${text.slice(0, 1700)} … ${text.slice(-200)}` : text,
      `may end as ${inspect(verdicts[at], { depth: 6 })}`,
    ].join('\n');
  });
  return [
    `seed ${seed}, index ${index}: ${operation}, sent at most ${maxAttempts} times, ${problems.join(', ')}`,
    ...answers,
    `ended as ${inspect(outcome, { depth: 4 })}`,
    `Repeat it by MUTATED_SEED=${seed} MUTATED_INDEX=${index} npm test -- mutated`,
  ].join('\n');
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
