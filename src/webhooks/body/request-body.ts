import type { IncomingMessage } from 'node:http';
import { LalamoveWebhookException } from '../webhook.exceptions.js';

/** Lalamove's events have some KB. */
const MOST_BYTES = 1024 * 1024;

/** What is too large is read to its end and forgotten, so that its sender reads our answer; but not without end. */
const MOST_DISCARDED_BYTES = 16 * MOST_BYTES;

/**
 * Reads the bytes of a request's body, whatever its type.
 *
 * @returns `'broken-off'` where the sender left before the end
 * @throws LalamoveWebhookException 413 above 1 MiB
 * @throws Error where something ahead of us has read the body and kept no bytes of it
 */
export async function readRequestBody(request: IncomingMessage): Promise<Uint8Array | 'broken-off'> {
  if (request.readableEnded) return keptBody(request);
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
      resolve('broken-off');
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

/** A body parser of the host's that was put on the platform before Nest has read it; one that keeps the bytes has them here. */
function keptBody(request: IncomingMessage): Uint8Array {
  for (const kept of [Reflect.get(request, 'rawBody'), Reflect.get(request, 'body')]) {
    if (kept instanceof Uint8Array) return kept;
    if (typeof kept === 'string') return Buffer.from(kept);
  }
  throw new Error(
    'a body parser that was added to the platform before Nest has read the webhook and kept no bytes of it: add it to the Nest app instead',
  );
}
