import type { IncomingMessage } from 'node:http';
import { LalamoveWebhookException } from '../webhook.exceptions.js';

/** Lalamove's events have some KB. */
const MOST_BYTES = 1024 * 1024;

/** What is too large is read to its end and forgotten, so that its sender reads our answer; but not without end. */
const MOST_DISCARDED_BYTES = 16 * MOST_BYTES;

/** The bytes of a body, its text, or what was parsed of it. */
export type ReceivedBody = Uint8Array | string | object;

/**
 * Reads a request's body, whatever its type.
 *
 * @returns its bytes; what a body parser ahead of us has made of them, where it has kept nothing else; `undefined` where the sender left before the end
 * @throws LalamoveWebhookException 413 above 1 MiB
 * @throws Error where something ahead of us has read the body and kept nothing of it
 */
export async function readRequestBody(request: IncomingMessage): Promise<ReceivedBody | undefined> {
  // A serverless wrapper's request need not be a stream at all.
  if (request.readableEnded || !request.readable) return keptBody(request);
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const settle = (outcome: () => void): void => {
      request.off('data', take);
      outcome();
    };
    const tooLarge = (): void => {
      reject(new LalamoveWebhookException('LALAMOVE_WEBHOOK_TOO_LARGE'));
    };
    const take = (chunk: Uint8Array | string): void => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      length += bytes.length;
      if (length <= MOST_BYTES) chunks.push(bytes);
      else chunks.length = 0;
      if (length > MOST_DISCARDED_BYTES) {
        request.pause();
        settle(tooLarge);
      }
    };
    request.on('data', take);
    const brokenOff = (): void => {
      resolve(undefined);
    };
    request.once('end', () => {
      settle(() => {
        if (length > MOST_BYTES) tooLarge();
        else resolve(Buffer.concat(chunks));
      });
    });
    for (const end of ['error', 'close']) {
      request.once(end, () => {
        settle(brokenOff);
      });
    }
  });
}

/** What a serverless wrapper, or a body parser that was put on the platform before Nest, has left of what it has read. */
function keptBody(request: IncomingMessage): ReceivedBody | undefined {
  for (const kept of [Reflect.get(request, 'rawBody'), Reflect.get(request, 'body')]) {
    if (typeof kept === 'string' || isObject(kept)) return kept;
  }
  if (request.destroyed) return undefined;
  if (hasNoBody(request)) return '';
  throw new Error(
    'a body parser that was added to the platform before Nest has read the webhook and kept nothing of it: add it to the Nest app instead',
  );
}

function hasNoBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
