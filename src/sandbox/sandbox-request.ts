import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { sign } from '../client/signature.js';
import { operationsOfPath, type FoundOperation, type LalamoveOperation } from '../errors/operation-table.js';
import { isRecord } from '../is-record.js';
import { marketFacts } from './market-facts.js';
import { Refusal } from './refusal.js';
import { HANDLERS, type SandboxCall, type SandboxHandler } from './sandbox-routes.js';
import type { SandboxState } from './sandbox-state.js';

/** The keys that the sandbox accepts. */
export interface SandboxKeys {
  apiKey: string;
  apiSecret: string;
}

/** A request that the sandbox has seen. */
export interface SeenRequest {
  readonly method: string;
  /** As it came, with a query if there was one. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names and values in turns, in the spelling that travelled. */
  readonly rawHeaders: readonly string[];
  /** The exact text. */
  readonly body: string;
  /** Whether key and signature were right. */
  readonly signed: boolean;
  /** `undefined` for a path or method that the API does not have. */
  readonly operation: LalamoveOperation | undefined;
  /** What it got; absent until then, and where it got nothing. */
  answer?: { readonly status: number; readonly body: string };
}

/** Reads a request to its end. */
export async function seeRequest(request: IncomingMessage, keys: SandboxKeys): Promise<SeenRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const { method = 'GET', url: path = '/' } = request;
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  return {
    method,
    path,
    headers,
    rawHeaders: request.rawHeaders,
    body,
    signed: isSigned({ method, path, body, authorization: headers.authorization ?? '' }, keys),
    operation: found(method, operationsOfPath(pathnameOf(path)))?.operation,
  };
}

/**
 * Checks a request as Lalamove does, before any rule of the call itself: key and signature, market, path, method, JSON.
 *
 * @throws Refusal for what does not pass
 */
export function admit(seen: SeenRequest, state: SandboxState): { handle: SandboxHandler; call: SandboxCall } {
  if (!seen.signed) throw new Refusal('LALAMOVE_UNAUTHORIZED');
  const market = seen.headers.market?.toUpperCase();
  const facts = marketFacts(market);
  if (market === undefined || !facts) throw new Refusal('ERR_INVALID_MARKET');
  const data = seen.body === '' ? {} : dataOf(seen.body);
  const candidates = operationsOfPath(pathnameOf(seen.path));
  if (candidates.length === 0) throw new Refusal('LALAMOVE_NOT_FOUND');
  const call = found(seen.method, candidates);
  if (!call) throw new Refusal('LALAMOVE_UNKNOWN_ERROR', { status: 405 });
  return { handle: HANDLERS[call.operation], call: { state, market, facts, ids: call.ids, data } };
}

function found(method: string, candidates: readonly FoundOperation[]): FoundOperation | undefined {
  return candidates.find((candidate) => candidate.method === method);
}

function isSigned(
  { method, path, body, authorization }: { method: string; path: string; body: string; authorization: string },
  { apiKey, apiSecret }: SandboxKeys,
): boolean {
  const [, key, timestamp = '', signature = ''] = /^hmac ([^:]+):(\d{13}):([0-9a-f]{64})$/.exec(authorization) ?? [];
  const expected = sign(apiSecret, { timestamp, method, path, body });
  return (
    key === apiKey &&
    signature.length === expected.length &&
    timingSafeEqual(Buffer.from(signature), Buffer.from(expected))
  );
}

/** The `data` of the envelope; a body without one is an empty one, and then misses whatever its call needs. */
function dataOf(body: string): Record<string, unknown> {
  let envelope: unknown;
  try {
    envelope = JSON.parse(body);
  } catch {
    throw new Refusal('ERR_MALFORMED_JSON_BODY');
  }
  return isRecord(envelope) && isRecord(envelope.data) ? envelope.data : {};
}

function pathnameOf(path: string): string {
  return path.split('?', 1)[0] ?? path;
}
