import type { ClassConstructor } from 'class-transformer';
import { fieldErrors, type FieldError } from '../api/requests/field-errors.js';
import { isRecord } from '../internal/is-record.js';
import { exceptionOfRow } from '../errors/create-exception.js';
import { rowOf } from '../errors/error-catalog.js';
import { inputField } from '../errors/input-field.js';
import { attemptedCall } from '../errors/attempted-call.js';
import type { AttemptedCall, LalamoveException } from '../errors/lalamove.exception.js';
import type { ClientSettings } from './client-settings.js';
import { secretsOfUrl } from '../api/requests/webhook-url.js';
import { isWellFormed } from '../internal/well-formed.js';
import { sentBody, type Operation } from '../api/operations.js';
import { requestOptionErrors, type RequestOptions } from './request-options.js';

/** A call as a method of `LalamoveService` makes it. */
export interface Call<Answer> {
  operation: Operation<Answer>;
  /** The ids in the path of the operation, by name. */
  ids?: Readonly<Record<string, string>>;
  input?: unknown;
  options?: RequestOptions | undefined;
}

/** A call that has been validated, and can be signed and sent any number of times. */
export interface PreparedCall<Answer> {
  readonly operation: Operation<Answer>;
  readonly path: string;
  /** The exact text that is sent and signed; `undefined` without a body. */
  readonly body: string | undefined;
  readonly options: RequestOptions;
  readonly attempted: AttemptedCall;
  /** Secrets in the body: an answer may echo them, and an exception must not contain them. */
  readonly secrets: readonly string[];
  /** Unix ms by the account's clock. */
  readonly deadline: number;
  /**
   * Unix ms from which it is not sent any more. A call that must not be repeated needs time for its answer: for that
   * one it is before the deadline.
   */
  readonly sendBefore: number;
}

const ID_REMEDY = 'must be a string (a number cannot hold all digits of an id), not empty and without white space';

/**
 * Validates a call before anything is sent.
 *
 * @throws InvalidRequestException with a pointer for each error: into the body (`/data/…`), to an id (`/orderId`), to
 *   an option (`/options/…`)
 */
export function prepareCall<Answer>(settings: ClientSettings, request: Call<Answer>): PreparedCall<Answer> {
  const { operation, ids = {}, input } = request;
  const given: unknown = request.options ?? {};
  // A copy, so that the caller cannot change it between two attempts.
  const options: RequestOptions = isRecord(given) ? { ...given } : {};
  const body = operation.input && writtenBody(operation, input, marketOf(options, settings));
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
  const listed = errors.map((error) => ({ code: 'ERR_INVALID_FIELD', ...error, ...inputField(error.pointer) }));
  const details = { operation: name, account, policy, errors: listed };
  return exceptionOfRow(rowOf('ERR_INVALID_FIELD'), 'ERR_INVALID_FIELD', details);
}

/** Validates the text that is sent, because JSON may differ from the input: a Map, a getter, a `toJSON`. */
function bodyErrors(dto: ClassConstructor<object>, body: string | undefined, validate: boolean): FieldError[] {
  if (body === undefined) return [{ pointer: '/data', message: 'cannot be written as JSON' }];
  if (!validate) return [];
  const envelope: unknown = JSON.parse(body);
  return fieldErrors(dto, isRecord(envelope) ? envelope.data : undefined);
}

/** Validates ids, even if validation is off: a wrong id can lead to another path, and so to another call. */
function idErrors(ids: Readonly<Record<string, unknown>>): FieldError[] {
  return Object.entries(ids)
    .filter(([, id]) => !isId(id))
    .map(([name]) => ({ pointer: `/${name}`, message: `${name} ${ID_REMEDY}` }));
}

function isId(id: unknown): boolean {
  return typeof id === 'string' && /^\S{1,200}$/.test(id) && !/^\.\.?$/.test(id) && isWellFormed(id);
}

function writtenBody({ completed }: Operation<unknown>, input: unknown, market: string): string | undefined {
  try {
    return sentBody(completed ? completed(input, market) : input);
  } catch {
    return undefined;
  }
}

/** The market of a call. A market of the wrong type is reported with the other options. */
function marketOf({ market }: { market?: unknown }, settings: ClientSettings): string {
  return typeof market === 'string' ? market : settings.market;
}
