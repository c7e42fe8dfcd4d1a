import type { LalamoveException } from '../errors/lalamove.exception.js';
import type { LalamoveOperation } from '../api/endpoints.js';
import type { RateLimitReading } from '../api/rate-limit-headers.js';

/**
 * Attributes by OpenTelemetry's semantic conventions for HTTP clients, for a histogram (`http.client.request.duration`,
 * in seconds) or a span. They contain no ids and no personal data, and have few different values.
 */
export interface LalamoveHttpAttributes {
  'http.request.method': string;
  /** With `{name}` in place of each id, e.g. `/v3/orders/{orderId}`. */
  'url.template': string;
  'url.scheme': string;
  'server.address': string;
  'server.port': number;
  /** How often the call was sent before; absent for the first attempt. */
  'http.request.resend_count'?: number;
  'http.response.status_code'?: number;
  /** The code of the exception, e.g. `ERR_INVALID_QUOTATION_ID` or `LALAMOVE_TIMEOUT`; absent after a success. */
  'error.type'?: string;
}

/** The event of `onRequest`: an attempt is about to be sent. */
export interface LalamoveRequestEvent {
  /** The method of `LalamoveService`. */
  operation: LalamoveOperation;
  /** The `name` of the account's registration; `undefined` for the default one. */
  account: string | undefined;
  /** A number of this process: all attempts of one call have the same. */
  callId: number;
  /** 1 for the first attempt of the call. */
  attempt: number;
  /** The `Request-ID` header. */
  sentRequestId: string;
  /** When the attempt was signed, by the account's clock: Unix ms. */
  sentAt: number;
  /** How long the call has waited for the rate limit so far, in ms. */
  queuedMs: number;
  attributes: LalamoveHttpAttributes;
}

/** The event of `onResponse`: an attempt has ended, successfully or not. */
export interface LalamoveResponseEvent extends LalamoveRequestEvent {
  /** From the sending to the end of the answer, in ms. */
  durationMs: number;
  /** Lalamove's id of the request. */
  requestId: string | undefined;
  /** What the headers say of Lalamove's rate limit; empty if they say nothing, or there was no answer. */
  rateLimit: RateLimitReading;
  /** The `Date` header: Unix ms, in whole seconds; `undefined` if there was none. */
  serverDate: number | undefined;
  /** The exception of the call if there is no retry; `undefined` after a success. */
  error: LalamoveException | undefined;
}

/** The event of `onRetry`: a call will be sent again. */
export interface LalamoveRetryEvent extends Pick<LalamoveRequestEvent, 'operation' | 'account' | 'callId'> {
  /** The number of the attempt that follows: 2 for the first retry. */
  attempt: number;
  /** The wait before the retry, in ms; the rate limit may add to it. */
  delayMs: number;
  /** The exception of the attempt that failed. */
  error: LalamoveException;
}

/**
 * Functions of the app that are called during each call, for metrics and traces. The call does not wait for them. If
 * one throws, that is logged, and the call goes on.
 */
export interface LalamoveHooks {
  /** An attempt is about to be sent. */
  onRequest?(event: LalamoveRequestEvent): unknown;
  /** An attempt has ended, successfully or not. */
  onResponse?(event: LalamoveResponseEvent): unknown;
  /** An attempt has failed, and the call will be sent again. */
  onRetry?(event: LalamoveRetryEvent): unknown;
}
