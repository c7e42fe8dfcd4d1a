import type { IncomingMessage } from 'node:http';
import { operationsOfPath, type FoundOperation, type LalamoveOperation } from '../../api/endpoints.js';
import { GrowingBytes } from '../../internal/growing-bytes.js';
import type { SandboxSettings } from '../sandbox-settings.js';
import { explainSignature } from './explain-signature.js';
import { signatureVerdict, type SignatureVerdict } from './signature-verdict.js';

/** A request as it was received, as plain data, so that it can be carried out later. */
export interface StoredRequest {
  readonly method: string;
  /** As received, with the query if there was one. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The exact text. */
  readonly body: string;
  /** The IP address of the client. */
  readonly address: string;
  /** The API key that signed the request; `undefined` if key or signature were wrong. */
  readonly apiKey: string | undefined;
  /** `undefined` if the API has no such path or method. */
  readonly operation: LalamoveOperation | undefined;
}

/** A request that the sandbox has received. */
export interface SeenRequest extends StoredRequest {
  /** The number of the request, counted from 1. */
  readonly number: number;
  /** Unix ms, by the sandbox's clock. */
  readonly at: number;
  /** Alternating names and values, in the received spelling. */
  readonly rawHeaders: readonly string[];
  /** Whether key and signature were right. */
  readonly signed: boolean;
  /** Why key or signature were wrong. */
  readonly verdict: SignatureVerdict;
  /** What was wrong with the signature, as far as that can be known; absent if it was right. */
  readonly explanation?: string;
  /** The id of the fault that was applied to the request. */
  fault?: string;
  /** The answer; absent before it is sent, and if none is sent. */
  answer?: SentAnswer;
}

/** An answer as it was sent. */
export interface SentAnswer {
  readonly status: number;
  /** In the sent spelling. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** More than any call of the API needs. */
const MAX_BODY_BYTES = 1_000_000;

/** Thrown if a body is longer than any call needs. */
export class BodyTooLongError extends Error {
  override readonly name = 'BodyTooLongError';
}

/**
 * Reads the body of a request.
 *
 * @throws BodyTooLongError
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const body = new GrowingBytes(MAX_BODY_BYTES);
  let length = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    // The rest is read and dropped, because many clients read no answer before they have sent everything.
    if (length <= MAX_BODY_BYTES) body.add(chunk);
  }
  if (length > MAX_BODY_BYTES) throw new BodyTooLongError(`The body is longer than ${MAX_BODY_BYTES} bytes.`);
  return body.bytes().toString('utf8');
}

/** Reads a request and checks its signature. */
export async function seeRequest(
  request: IncomingMessage,
  next: { number: () => number; at: () => number },
  { accounts, secretOf }: Pick<SandboxSettings, 'accounts' | 'secretOf'>,
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
  const explanation = explainSignature(verdict, { method, path, body, headers }, accounts);
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
    ...(explanation !== undefined && { explanation }),
    apiKey: verdict === 'right' ? apiKey : undefined,
    operation: callOf(method, path)?.operation,
  };
}

/** The operation of a method and path. */
export function callOf(method: string, path: string): FoundOperation | undefined {
  return operationsOfPath(pathnameOf(path)).find((candidate) => candidate.method === method);
}

export function pathnameOf(path: string): string {
  return path.split('?', 1)[0] ?? path;
}
