import { createHmac } from 'node:crypto';

/** The values that a signature covers. */
export interface SignedParts {
  /** The timestamp that is sent with the signature: Unix ms in requests, Unix seconds in webhooks. */
  timestamp: string;
  /** In upper case. */
  method: string;
  /** The path with the version and without the host, e.g. `/v3/orders/123`. */
  path: string;
  /** The exact bytes that are sent; empty without a body. */
  body: string | Uint8Array;
}

/**
 * The HMAC-SHA256 over `TIMESTAMP\r\nMETHOD\r\nPATH\r\n\r\nBODY`, in lower-case hex (API v3, "Authentication").
 */
export function sign(secret: string, { timestamp, method, path, body }: SignedParts): string {
  return createHmac('sha256', secret)
    .update(`${timestamp}\r\n${method}\r\n${path}\r\n\r\n`, 'utf8')
    .update(body)
    .digest('hex');
}
