import type { IncomingMessage } from 'node:http';
import { operationsOfPath, type FoundOperation, type LalamoveOperation } from '../../api/operation-table.js';
import { GrowingBytes } from '../../internal/growing-bytes.js';
import { signatureVerdict, type SignatureVerdict } from './signature-verdict.js';

/** A request as it travelled: plain data, so that it can be carried out later. */
export interface StoredRequest {
  readonly method: string;
  /** As it came, with a query if there was one. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact text. */
  readonly body: string;
  /** The address that it came from. */
  readonly address: string;
  /** The key that signed it; `undefined` unless key and signature were right. */
  readonly apiKey: string | undefined;
  /** `undefined` for a path or method that the API does not have. */
  readonly operation: LalamoveOperation | undefined;
}

/** A request that the sandbox has seen. */
export interface SeenRequest extends StoredRequest {
  /** Its place among the requests, from 1. */
  readonly number: number;
  /** Unix ms, by the sandbox's clock. */
  readonly at: number;
  /** Names and values in turns, in the spelling that travelled. */
  readonly rawHeaders: readonly string[];
  /** Whether key and signature were right. */
  readonly signed: boolean;
  /** What was wrong with them. */
  readonly verdict: SignatureVerdict;
  /** What it got; absent until then, and where it got nothing. */
  answer?: SentAnswer;
}

/** An answer as it was sent. */
export interface SentAnswer {
  readonly status: number;
  /** As they were spelt. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** More than any call of the API needs. */
const MAX_BODY_BYTES = 1_000_000;

/** Thrown for a body that no call can have. */
export class BodyTooLongError extends Error {
  override readonly name = 'BodyTooLongError';
}

/** Reads the body of a request to its end. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const body = new GrowingBytes(MAX_BODY_BYTES);
  let length = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    // The rest is read all the same: many clients read no answer before they have sent everything.
    if (length <= MAX_BODY_BYTES) body.add(chunk);
  }
  if (length > MAX_BODY_BYTES) throw new BodyTooLongError(`The body is longer than ${MAX_BODY_BYTES} bytes.`);
  return body.bytes().toString('utf8');
}

/** Reads a request to its end, and judges its signature. */
export async function seeRequest(
  request: IncomingMessage,
  next: { number: () => number; at: () => number },
  secretOf: (apiKey: string) => string | undefined,
): Promise<SeenRequest> {
  const body = await readBody(request);
  const { method = 'GET', url: path = '/', rawHeaders, socket } = request;
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const { verdict, apiKey } = signatureVerdict({ method, path, body, authorization: headers.authorization }, secretOf);
  return {
    number: next.number(),
    at: next.at(),
    method,
    path,
    headers,
    rawHeaders,
    body,
    address: socket.remoteAddress ?? '',
    signed: verdict === 'right',
    verdict,
    apiKey: verdict === 'right' ? apiKey : undefined,
    operation: callOf(method, path)?.operation,
  };
}

/** The call that a method and a path mean. */
export function callOf(method: string, path: string): FoundOperation | undefined {
  return operationsOfPath(pathnameOf(path)).find((candidate) => candidate.method === method);
}

export function pathnameOf(path: string): string {
  return path.split('?', 1)[0] ?? path;
}
