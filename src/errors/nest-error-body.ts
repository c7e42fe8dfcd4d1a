import { STATUS_CODES } from 'node:http';
import type { LalamoveErrorItem } from './lalamove-error-item.js';

/** The body of `format: 'nest'`: the members of Nest's own `HttpException` body, and Lalamove's members beside them. */
export interface NestErrorBody {
  statusCode: number;
  /** The reason phrase of `statusCode`. */
  error: string;
  message: string;
  /** Lalamove's `ERR_…` code, or one of this package's with the prefix `LALAMOVE_`. */
  code: string;
  errors: readonly LalamoveErrorItem[];
  /** Lalamove's id of the call, for its support. */
  requestId?: string;
}

/** The answer under `'gateway'` in place of an error that the consumer cannot fix. */
export interface GatewayAnswer {
  status: number;
  code: string;
  message: string;
}

/** The result of a status policy for one exception. */
export type DecidedStatus = 'mirror' | 'gateway' | number;

/** The members of a `LalamoveException` that its body depends on. */
export interface ErrorBodySource {
  readonly mirrorStatus: number;
  readonly gateway: GatewayAnswer | undefined;
  readonly message: string;
  readonly code: string;
  readonly errors: readonly LalamoveErrorItem[];
  readonly requestId: string | undefined;
}

/** Reason phrases that Node's table does not have. */
const REASON_PHRASES: Record<number, string> = { 499: 'Client Closed Request' };

/** An answer that says only that the delivery service failed. */
export function neutralAnswer(status: number): GatewayAnswer {
  return {
    status,
    code: 'LALAMOVE_UNAVAILABLE',
    message: 'The delivery service is not available at the moment. Please try again later.',
  };
}

/** Builds the body of `format: 'nest'`. Pure. */
export function nestErrorBody(source: ErrorBodySource, decided: DecidedStatus): NestErrorBody {
  const concealed = decided === 'gateway' ? source.gateway : undefined;
  const status = concealed?.status ?? (typeof decided === 'number' ? decided : source.mirrorStatus);
  return {
    statusCode: status,
    error: reasonPhrase(status),
    message: concealed?.message ?? source.message,
    code: concealed?.code ?? source.code,
    errors: concealed ? [] : source.errors,
    ...(source.requestId === undefined ? {} : { requestId: source.requestId }),
  };
}

function reasonPhrase(status: number): string {
  return REASON_PHRASES[status] ?? STATUS_CODES[status] ?? (status < 500 ? 'Client Error' : 'Server Error');
}
