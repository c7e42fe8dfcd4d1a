import type { FaultAnswer } from 'nestjs-lalamove/sandbox';

/** The timeout of a client for answers that never come, in ms. It is long enough for a request to arrive. */
export const IMPATIENT = { timeoutMs: 30 };

export const UNKNOWN = { name: 'LalamoveOutcomeUnknownException', retryable: false };

/**
 * Every answer of a fault, and the error of a call that may be repeated. For a call that may not be repeated this error
 * is the cause.
 */
export const ANSWERS: Record<Extract<FaultAnswer, string> | `an ${string}`, { answer: FaultAnswer; ends: object }> = {
  reset: { answer: 'reset', ends: { name: 'LalamoveConnectionException', code: 'LALAMOVE_CONNECTION' } },
  hang: { answer: 'hang', ends: { name: 'LalamoveTimeoutException', code: 'LALAMOVE_TIMEOUT' } },
  truncate: { answer: 'truncate', ends: { name: 'LalamoveConnectionException', code: 'LALAMOVE_CONNECTION' } },
  'an empty 500': {
    answer: { code: 'LALAMOVE_SERVER_ERROR', shape: 'empty' },
    ends: { name: 'LalamoveServerException', code: 'LALAMOVE_SERVER_ERROR', upstreamStatus: 500 },
  },
  'an explained 503': {
    answer: { code: 'LALAMOVE_SERVER_ERROR', status: 503, message: 'Back at noon' },
    ends: { name: 'LalamoveServerException', code: 'LALAMOVE_SERVER_ERROR', upstreamStatus: 503 },
  },
  'an HTML 502': {
    answer: { code: 'LALAMOVE_SERVER_ERROR', status: 502, shape: 'html' },
    ends: { name: 'LalamoveServerException', code: 'LALAMOVE_SERVER_ERROR', upstreamStatus: 502 },
  },
  'an HTML 200': {
    answer: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sorry</html>' },
    ends: { name: 'LalamoveUnreadableResponseException', code: 'LALAMOVE_UNREADABLE_RESPONSE', upstreamStatus: 200 },
  },
};
