import type { IncomingMessage } from 'node:http';
import { isObject } from '../internal/is-object.js';
import { RefusedRequest } from './board-problem.js';

/** An action is never longer: a booking has at most 256 kB. */
const MAX_BYTES = 512 * 1024;

/** The body of an action: as the host's body parser has left it, or read here if the host has none. */
export async function requestBody(request: unknown, raw: IncomingMessage): Promise<unknown> {
  const parsed: unknown = isObject(request) ? Reflect.get(request, 'body') : undefined;
  if (isObject(parsed) && !Buffer.isBuffer(parsed)) return parsed;
  const text = Buffer.isBuffer(parsed) || typeof parsed === 'string' ? String(parsed) : await textOf(raw);
  try {
    return JSON.parse(text);
  } catch {
    throw new RefusedRequest(400, 'The body of an action must be JSON.');
  }
}

async function textOf(raw: IncomingMessage): Promise<string> {
  if (raw.readableEnded) return '';
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of raw) {
    const given: unknown = chunk;
    const bytes = Buffer.from(given instanceof Uint8Array ? given : String(given));
    length += bytes.length;
    if (length > MAX_BYTES) throw new RefusedRequest(413, 'The body of an action is too long.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
