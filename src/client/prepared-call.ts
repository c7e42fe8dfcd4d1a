import { fieldErrors, type FieldError } from '../dto/field-errors.js';
import { isRecord, isStringMap } from '../is-record.js';
import { exceptionOfRow } from '../errors/create-exception.js';
import { rowOf } from '../errors/error-catalog.js';
import type { AttemptedCall } from '../errors/lalamove.exception.js';
import type { ClientSettings } from './client-settings.js';
import { sentBody, type Operation } from './operations.js';
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
  /** Unix ms by the account's clock. */
  readonly deadline: number;
}

/**
 * Checks everything that can be checked before anything is sent.
 *
 * @throws InvalidRequestException with a pointer a fault: into the body (`/data/…`), an id (`/orderId`), an option (`/options/…`)
 */
export function prepareCall<Answer>(settings: ClientSettings, request: CallRequest<Answer>): PreparedCall<Answer> {
  const { operation, ids = {}, input } = request;
  const options = request.options ?? {};
  const checked = options.validate ?? settings.validate;
  const refuse = (errors: readonly FieldError[]): never => {
    const { account, policy } = settings;
    const listed = errors.map((error) => ({ code: 'ERR_INVALID_FIELD', ...error }));
    throw exceptionOfRow(rowOf('ERR_INVALID_FIELD'), 'ERR_INVALID_FIELD', {
      operation: operation.name,
      account,
      policy,
      errors: listed,
    });
  };
  const errors = [
    ...idErrors(ids),
    ...requestOptionErrors(options),
    ...(operation.input && checked ? fieldErrors(operation.input, input) : []),
  ];
  if (errors.length > 0) refuse(errors);
  return {
    operation,
    path: operation.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(ids[name] ?? '')),
    body:
      operation.input && (writtenBody(input) ?? refuse([{ pointer: '/data', message: 'cannot be written as JSON' }])),
    options,
    attempted: attemptedCall(ids, input),
    deadline: settings.clock.now() + (options.deadlineMs ?? settings.deadlineMs),
  };
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

/** Half a surrogate pair cannot be written in a URL. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function writtenBody(input: unknown): string | undefined {
  try {
    return sentBody(input);
  } catch {
    return undefined;
  }
}

function attemptedCall(ids: Readonly<Record<string, string>>, input: unknown): AttemptedCall {
  const { quotationId, metadata } = isRecord(input) ? input : {};
  return {
    orderId: ids.orderId,
    quotationId: typeof quotationId === 'string' ? quotationId : undefined,
    metadata: isStringMap(metadata) ? metadata : undefined,
  };
}
