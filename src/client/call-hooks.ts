import type { LalamoveException } from '../errors/lalamove.exception.js';
import type { LalamoveOperation } from '../api/operation-table.js';

/**
 * Attributes by OpenTelemetry's semantic conventions for HTTP clients: hand them on to a histogram (`http.client.request.duration`, in seconds) or
 * to a span. They hold no ids and no personal data, and take few different values.
 */
export interface LalamoveHttpAttributes {
  'http.request.method': string;
  /** With `{name}` for each id, e.g. `/v3/orders/{orderId}`. */
  'url.template': string;
  'url.scheme': string;
  'server.address': string;
  'server.port': number;
  /** How often the call was sent before; absent the first time. */
  'http.request.resend_count'?: number;
  'http.response.status_code'?: number;
  /** The code of the exception, e.g. `ERR_INVALID_QUOTATION_ID` or `LALAMOVE_TIMEOUT`; absent after a success. */
  'error.type'?: string;
}

/** A call is about to be sent. */
export interface LalamoveRequestEvent {
  /** The method of `LalamoveService`. */
  operation: LalamoveOperation;
  /** The `name` of the account's registration; `undefined` for the default one. */
  account: string | undefined;
  /** 1 for the first sending of the call. */
  attempt: number;
  /** The `Request-ID` header. */
  sentRequestId: string;
  /** How long the call has waited for the rate limit so far, in ms. */
  queuedMs: number;
  attributes: LalamoveHttpAttributes;
}

/** A sending has ended, well or not. */
export interface LalamoveResponseEvent extends LalamoveRequestEvent {
  /** From sending to the end of the answer, in ms. */
  durationMs: number;
  /** Lalamove's id of the call. */
  requestId: string | undefined;
  /** What the call would fail with if it were not repeated; `undefined` after a success. */
  error: LalamoveException | undefined;
}

/** A call is going to be repeated. */
export interface LalamoveRetryEvent extends Pick<LalamoveRequestEvent, 'operation' | 'account'> {
  /** Of the sending that will follow: 2 for the first repeat. */
  attempt: number;
  /** How long it waits until then, in ms; the rate limit may add to it. */
  delayMs: number;
  /** Why. */
  error: LalamoveException;
}

/** Told of each call as it happens, for metrics and traces. What they throw is logged and harms no call; they are not waited for. */
export interface LalamoveHooks {
  onRequest?(event: LalamoveRequestEvent): unknown;
  onResponse?(event: LalamoveResponseEvent): unknown;
  onRetry?(event: LalamoveRetryEvent): unknown;
}
