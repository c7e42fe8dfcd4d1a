import { createHmac } from 'node:crypto';

/** What a signature covers. */
export interface SignedParts {
  /** The very timestamp that travels beside the signature: Unix ms in requests, Unix seconds in webhooks. */
  timestamp: string;
  /** Upper-case. */
  method: string;
  /** With version and without host, e.g. `/v3/orders/123`. */
  path: string;
  /** What is sent, to the byte; empty without a body. */
  body: string | Uint8Array;
}

/**
 * Lower-case hex HMAC-SHA256 over `TIMESTAMP\r\nMETHOD\r\nPATH\r\n\r\nBODY` (API v3, "Authentication").
 */
export function sign(secret: string, { timestamp, method, path, body }: SignedParts): string {
  return createHmac('sha256', secret)
    .update(`${timestamp}\r\n${method}\r\n${path}\r\n\r\n`, 'utf8')
    .update(body)
    .digest('hex');
}
