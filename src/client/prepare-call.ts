import type { ClassConstructor } from 'class-transformer';
import { fieldErrors, type FieldError } from '../api/requests/field-errors.js';
import { isRecord } from '../internal/is-record.js';
import { exceptionOfRow } from '../errors/create-exception.js';
import { rowOf } from '../errors/error-catalog.js';
import { attemptedCall } from '../errors/attempted-call.js';
import type { AttemptedCall, LalamoveException } from '../errors/lalamove.exception.js';
import type { ClientSettings } from './client-settings.js';
import { secretsOfUrl } from '../api/requests/webhook-url.js';
import { isWellFormed } from '../internal/well-formed.js';
import { sentBody, type Operation } from '../api/operations.js';
import { requestOptionErrors, type RequestOptions } from './request-options.js';

/** What a method of `LalamoveService` asks for. */
export interface CallRequest<Answer> {
  operation: Operation<Answer>;
  /** By the names in the operation's path. */
  ids?: Readonly<Record<string, string>>;
  input?: unknown;
  options?: RequestOptions | undefined;
}

/** A call that has been checked and is ready to be signed and sent, once or more often. */
export interface PreparedCall<Answer> {
  readonly operation: Operation<Answer>;
  readonly path: string;
  /** The exact text that is sent and signed; `undefined` without a body. */
  readonly body: string | undefined;
  readonly options: RequestOptions;
  readonly attempted: AttemptedCall;
  /** What is sent and must not come back in an exception. */
  readonly secrets: readonly string[];
  /** Unix ms by the account's clock. */
  readonly deadline: number;
  /** Unix ms at which it is not sent any more: before the deadline, for what must not be repeated needs time for its answer. */
  readonly sendBefore: number;
}

/**
 * Checks everything that can be checked before anything is sent.
 *
 * @throws InvalidRequestException with a pointer a fault: into the body (`/data/…`), an id (`/orderId`), an option (`/options/…`)
 */
export function prepareCall<Answer>(settings: ClientSettings, request: CallRequest<Answer>): PreparedCall<Answer> {
  const { operation, ids = {}, input } = request;
  const given: unknown = request.options ?? {};
  // A copy: what is checked here must not change between two attempts.
  const options: RequestOptions = isRecord(given) ? { ...given } : {};
  const body = operation.input && writtenBody(input);
  const errors = [
    ...idErrors(ids),
    ...requestOptionErrors(isRecord(given) ? options : given),
    ...(operation.input ? bodyErrors(operation.input, body, options.validate ?? settings.validate) : []),
  ];
  if (errors.length > 0) throw invalidRequest(settings, operation, errors);
  const { timeoutMs = settings.timeoutMs, deadlineMs = settings.deadlineMs } = options;
  const deadline = settings.clock.now() + deadlineMs;
  return {
    operation,
    path: operation.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(ids[name] ?? '')),
    body,
    options,
    attempted: attemptedCall(ids, input),
    secrets: operation.name === 'setWebhookUrl' ? secretsOfUrl(input) : [],
    deadline,
    sendBefore: operation.repeatable ? deadline : deadline - Math.min(timeoutMs, deadlineMs / 2),
  };
}

function invalidRequest(
  { account, policy }: ClientSettings,
  { name }: Operation<unknown>,
  errors: readonly FieldError[],
): LalamoveException {
  const listed = errors.map((error) => ({ code: 'ERR_INVALID_FIELD', ...error }));
  const details = { operation: name, account, policy, errors: listed };
  return exceptionOfRow(rowOf('ERR_INVALID_FIELD'), 'ERR_INVALID_FIELD', details);
}

/** Checks the very text that is sent: an input can hold what JSON writes otherwise than it looks (a Map, a getter, a `toJSON`). */
function bodyErrors(dto: ClassConstructor<object>, body: string | undefined, validate: boolean): FieldError[] {
  if (body === undefined) return [{ pointer: '/data', message: 'cannot be written as JSON' }];
  if (!validate) return [];
  const envelope: unknown = JSON.parse(body);
  return fieldErrors(dto, isRecord(envelope) ? envelope.data : undefined);
}

/** Ids are checked even where validation is off: a wrong one would make another path, and so another call. */
function idErrors(ids: Readonly<Record<string, unknown>>): FieldError[] {
  return Object.entries(ids).flatMap(([name, id]) =>
    typeof id === 'string' && /^\S{1,200}$/.test(id) && !/^\.\.?$/.test(id) && isWellFormed(id)
      ? []
      : [
          {
            pointer: `/${name}`,
            message: `${name} must be a string (a number cannot hold all digits of an id), not empty and without white space`,
          },
        ],
  );
}

function writtenBody(input: unknown): string | undefined {
  try {
    return sentBody(input);
  } catch {
    return undefined;
  }
}
