import { exceptionOfRow } from '../errors/create-exception.js';
import { rowOf, type LalamoveErrorCode } from '../errors/error-catalog.js';
import {
  failureOfAnswer,
  failureWithoutAnswer,
  type FailedAttempt,
  type FailedCall,
  type Outcome,
} from '../errors/failed-attempt.js';
import type { LalamoveException } from '../errors/lalamove.exception.js';
import { hasTextContentType, isRateLimited } from '../errors/refusal.js';
import type { UpstreamAnswer } from '../errors/translate-answer.js';
import { parseLosslessly } from '../internal/exact-json.js';
import { isRecord } from '../internal/is-record.js';
import type { ClientSettings } from './client-settings.js';
import type { PreparedCall } from './prepare-call.js';
import type { LalamoveRequest } from './transport/lalamove-request.js';
import { TransportFailure } from './transport/transport-failure.js';

/** An attempt that failed, thrown inside the pipeline. */
export class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure';
  readonly outcome: Outcome;
  readonly exception: LalamoveException;
  // Copied at once: hooks of the app get the exception, and their changes to it must not cause a retry.
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;
  readonly isRateLimited: boolean;

  constructor({ outcome, exception }: FailedAttempt) {
    super(exception.message);
    this.outcome = outcome;
    this.exception = exception;
    this.retryable = exception.retryable;
    this.retryAfterSeconds = exception.retryAfterSeconds;
    this.isRateLimited = isRateLimited(exception.upstreamStatus);
  }
}

/** What is known about the current attempt. */
export interface AttemptContext<Answer> {
  settings: ClientSettings;
  call: PreparedCall<Answer>;
  request: LalamoveRequest;
  /** The request id of the attempt before, if there was one. */
  sentBefore: string | undefined;
}

/**
 * Reads the answer of an attempt.
 *
 * @throws AttemptFailure for anything but a usable success
 */
export function readAnswer<Answer>(context: AttemptContext<Answer>, answer: UpstreamAnswer): Answer {
  const { settings, call, request } = context;
  if (answer.status >= 200 && answer.status < 300) {
    const envelope = hasTextContentType(answer.headers) ? undefined : readEnvelope(answer.body);
    const read = envelope && call.operation.read(envelope.data);
    if (read !== undefined) return read;
  }
  const failed = { ...failedCall(context, request.requestId), now: settings.clock.now() };
  throw new AttemptFailure(failureOfAnswer(answer, failed));
}

/** Makes the failure of an attempt from its error. An unexpected error is handled as one of the connection. */
export function attemptFailure(context: AttemptContext<unknown>, error: unknown): AttemptFailure {
  if (error instanceof AttemptFailure) return error;
  const { kind, isUnsent, head, cause } =
    error instanceof TransportFailure ? error : new TransportFailure('connection', { cause: error });
  const { signal } = context.call.options;
  const { host } = new URL(context.settings.baseUrl);
  const missing = { code: codeOf(kind, signal), isUnsent, isGivenUp: signal?.aborted, head, cause, host };
  const sentRequestId = isUnsent ? context.sentBefore : context.request.requestId;
  return new AttemptFailure(failureWithoutAnswer(missing, failedCall(context, sentRequestId)));
}

/**
 * The exception of a call that its caller gave up between two attempts.
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

/** The exception of a call that was not sent, because its rate-limit slot would have been too late. */
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

function codeOf(kind: TransportFailure['kind'], signal: AbortSignal | undefined): LalamoveErrorCode {
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

function failedCall(
  { settings, call, request }: AttemptContext<unknown>,
  sentRequestId: string | undefined,
): FailedCall {
  const { account, policy, apiKey, apiSecret } = settings;
  return {
    operation: call.operation.name,
    account,
    policy,
    sentRequestId,
    repeatable: call.operation.repeatable,
    attempted: call.attempted,
    secrets: [apiKey, apiSecret, request.signature, ...call.secrets],
  };
}

/**
 * The envelope of a success; an empty body is an empty envelope. `undefined` without `data`, or with errors beside it.
 */
function readEnvelope(body: string): Record<string, unknown> | undefined {
  if (body.trim() === '') return {};
  try {
    const envelope = parseLosslessly(body);
    if (!isRecord(envelope) || !('data' in envelope)) return undefined;
    return isEmptyList(envelope.errors) ? envelope : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the `errors` of an envelope are none, in any notation. */
function isEmptyList(errors: unknown): boolean {
  if (Array.isArray(errors)) return errors.every(isEmptyList);
  if (isRecord(errors)) return Object.keys(errors).length === 0;
  return errors === undefined || errors === null || errors === '';
}
