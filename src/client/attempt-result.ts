import { exceptionOfRow, outcomeUnknown } from '../errors/create-exception.js';
import { rowOf, type LalamoveErrorCode } from '../errors/error-catalog.js';
import type { LalamoveException, LalamoveExceptionInit } from '../errors/lalamove.exception.js';
import { plainCause } from '../errors/plain-cause.js';
import { redact } from '../internal/redact.js';
import { isRateLimited, isRefusal, isText } from '../errors/refusal.js';
import { translateAnswer, type UpstreamAnswer } from '../errors/translate-answer.js';
import { parseLosslessly } from '../internal/exact-json.js';
import { isRecord } from '../internal/is-record.js';
import type { Attempt } from './sign-attempt.js';
import type { ClientSettings } from './client-settings.js';
import type { PreparedCall } from './prepare-call.js';
import { WireFailure } from './transport/wire-failure.js';

/**
 * What a failed attempt did at Lalamove's: surely nothing because it never got there, surely nothing because it was refused, or nobody
 * can know.
 */
export type Outcome = 'unsent' | 'refused' | 'unknown';

/** How an attempt ended that brought no data. */
export class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure';
  // Read at once: the exception goes to hooks of the app's, and what they do to it must not send a call again.
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;
  /** Whether it was refused for want of a slot. */
  readonly isRateLimited: boolean;

  constructor(
    readonly outcome: Outcome,
    readonly exception: LalamoveException,
  ) {
    super(exception.message);
    this.retryable = exception.retryable;
    this.retryAfterSeconds = exception.retryAfterSeconds;
    this.isRateLimited = isRateLimited(exception.upstreamStatus);
  }
}

/** Everything that is known of the attempt in hand. */
export interface AttemptContext<Answer> {
  settings: ClientSettings;
  call: PreparedCall<Answer>;
  attempt: Attempt;
  /** The request id of the attempt before, if there was one. */
  sentBefore: string | undefined;
}

/**
 * Reads an answer.
 *
 * @throws AttemptFailure for anything but a success that can be used
 */
export function readAnswer<Answer>(context: AttemptContext<Answer>, answer: UpstreamAnswer): Answer {
  const { settings, call } = context;
  const { status } = answer;
  if (status >= 200 && status < 300) {
    const envelope = isText(answer.headers) ? undefined : readEnvelope(answer.body);
    const read = envelope && call.operation.read(envelope.data);
    if (read !== undefined) return read;
  }
  const exception = translateAnswer(answer, {
    ...callDetails(context),
    repeatable: call.operation.repeatable,
    now: settings.clock.now(),
    secrets: secretsOf(context),
  });
  throw failure(context, isRefusal(status, exception.isForeign) ? 'refused' : 'unknown', exception);
}

/** Turns whatever ended an attempt into its failure. An error that nobody expected counts as one from the wire: it may have been sent. */
export function attemptFailure(context: AttemptContext<unknown>, error: unknown): AttemptFailure {
  if (error instanceof AttemptFailure) return error;
  const { kind, unsent, head, cause } =
    error instanceof WireFailure ? error : new WireFailure('connection', { cause: error });
  const requestId = head?.headers['request-id'];
  const code = codeOf(kind, context.call.options.signal);
  const row = rowOf(code);
  const exception = exceptionOfRow(row, code, {
    ...callDetails(context),
    sentRequestId: unsent ? context.sentBefore : context.attempt.requestId,
    retryable: row.retryable && !context.call.options.signal?.aborted && (unsent || context.call.operation.repeatable),
    upstreamStatus: head?.status,
    requestId: requestId && redact(requestId, secretsOf(context)),
    cause: plainCause(cause, secretsOf(context)),
  });
  return failure(context, unsent ? 'unsent' : 'unknown', exception);
}

/**
 * The end of a call whose caller gave it up between two attempts.
 *
 * @param sentRequestId of the last attempt
 */
export function abortedBetweenAttempts(
  settings: ClientSettings,
  { operation, options }: PreparedCall<unknown>,
  sentRequestId: string | undefined,
): LalamoveException {
  const { account, policy } = settings;
  const code = codeOf('aborted', options.signal);
  return exceptionOfRow(rowOf(code), code, {
    operation: operation.name,
    account,
    policy,
    sentRequestId,
    retryable: false,
  });
}

/** The end of a call that was not sent, because the rate limit would have let it through too late. */
export function noSlotInTime(
  { account, policy }: ClientSettings,
  { operation }: PreparedCall<unknown>,
  waitMs: number,
): LalamoveException {
  const code = 'LALAMOVE_RATE_LIMITED';
  return exceptionOfRow(rowOf(code), code, {
    operation: operation.name,
    account,
    policy,
    message: 'More requests are waiting than Lalamove takes in time. Try again later.',
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
}

function failure(
  { settings, call }: AttemptContext<unknown>,
  outcome: Outcome,
  exception: LalamoveException,
): AttemptFailure {
  if (outcome !== 'unknown' || call.operation.repeatable) return new AttemptFailure(outcome, exception);
  return new AttemptFailure(outcome, outcomeUnknown(exception, { attempted: call.attempted, policy: settings.policy }));
}

function codeOf(kind: WireFailure['kind'], signal: AbortSignal | undefined): LalamoveErrorCode {
  switch (kind) {
    case 'unreadable':
      return 'LALAMOVE_UNREADABLE_RESPONSE';
    case 'connection':
      return 'LALAMOVE_CONNECTION';
    case 'timeout':
      return 'LALAMOVE_TIMEOUT';
    case 'aborted':
      // `AbortSignal.timeout()` is a time limit, too.
      return isRecord(signal?.reason) && signal.reason.name === 'TimeoutError'
        ? 'LALAMOVE_TIMEOUT'
        : 'LALAMOVE_ABORTED';
  }
}

function callDetails({
  settings,
  call,
  attempt,
}: AttemptContext<unknown>): Pick<LalamoveExceptionInit, 'operation' | 'account' | 'policy' | 'sentRequestId'> {
  const { account, policy } = settings;
  return { operation: call.operation.name, account, policy, sentRequestId: attempt.requestId };
}

function secretsOf({ settings, attempt, call }: AttemptContext<unknown>): string[] {
  return [settings.apiKey, settings.apiSecret, attempt.signature, ...call.secrets];
}

/** The envelope of a success; an empty body is an empty one. `undefined` for what has no `data`, or lists errors beside it. */
function readEnvelope(body: string): Record<string, unknown> | undefined {
  if (body.trim() === '') return {};
  try {
    const envelope = parseLosslessly(body);
    if (!isRecord(envelope) || !('data' in envelope)) return undefined;
    return listsNothing(envelope.errors) ? envelope : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the `errors` beside data are none, however that is written. */
function listsNothing(errors: unknown): boolean {
  if (Array.isArray(errors)) return errors.every(listsNothing);
  if (isRecord(errors)) return Object.keys(errors).length === 0;
  return errors === undefined || errors === null || errors === '';
}
