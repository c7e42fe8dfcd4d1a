import type { IncomingMessage } from 'node:http';
import { GrowingBytes } from '../../internal/growing-bytes.js';
import { isObject } from '../../internal/is-object.js';
import { LalamoveWebhookException } from '../webhook.exceptions.js';

/** The maximum size of a body. Lalamove's events have a few KB. */
const MAX_BYTES = 1024 * 1024;

/** How much of a body that is too large is read and discarded, so that its sender reads the answer. */
const MAX_DISCARDED_BYTES = 4 * MAX_BYTES;

/** The limit for all bodies that are being received. Above it, the oldest one is refused. */
const MAX_HELD_BYTES = 32 * MAX_BYTES;

/** A body: its bytes, its text, or the object that a body parser made of it. */
export type ReceivedBody = Uint8Array | string | object;

/** Reads request bodies of any content type, in bounded memory. */
export class RequestBodies {
  /** The bodies that are being received, oldest first, each with the function that refuses it. */
  readonly #receiving = new Map<GrowingBytes, () => void>();
  #heldBytes = 0;

  /**
   * Reads a body and passes it to `use`. The body counts against the memory limit until `use` is done.
   *
   * @param use gets the bytes, or what an earlier body parser kept if the bytes are gone
   * @returns the result of `use`; `undefined` if the sender closed the connection before the end
   * @throws LalamoveWebhookException 413 above 1 MiB, 503 if too many bodies are being received
   * @throws Error if an earlier body parser read the body and did not keep it
   */
  async read<T>(request: IncomingMessage, use: (body: ReceivedBody) => Promise<T>): Promise<T | undefined> {
    // The request of a serverless wrapper may be no readable stream.
    if (request.readableEnded || !request.readable) {
      const kept = keptBody(request);
      return kept === undefined ? undefined : use(kept);
    }
    const body = await this.#bytesOf(request);
    if (!body) return undefined;
    try {
      return await use(body.bytes());
    } finally {
      this.#heldBytes -= body.capacity;
    }
  }

  /** @returns the body, which still counts as held; `undefined` if the sender closed the connection */
  #bytesOf(request: IncomingMessage): Promise<GrowingBytes | undefined> {
    return new Promise((resolve, reject) => {
      const body = new GrowingBytes(MAX_BYTES);
      let length = 0;
      const settle = (): boolean => {
        if (!this.#receiving.delete(body)) return false;
        this.#heldBytes -= body.capacity;
        request.off('data', take);
        return true;
      };
      const refuse = (exception: LalamoveWebhookException): void => {
        if (!settle()) return;
        request.pause();
        reject(exception);
      };
      const take = (chunk: Uint8Array | string): void => {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        length += bytes.length;
        const hasGrown = this.#grow(body, bytes, length);
        if (length > MAX_DISCARDED_BYTES) refuse(tooLarge());
        else if (hasGrown) this.#refuseOldest();
      };
      this.#receiving.set(body, () => {
        refuse(new LalamoveWebhookException('LALAMOVE_WEBHOOK_NOT_TAKEN', { cause: new Error(TOO_MANY) }));
      });
      request.on('data', take);
      request.once('end', () => {
        if (!settle()) return;
        this.#heldBytes += body.capacity;
        if (length > MAX_BYTES) reject(tooLarge());
        else resolve(body);
      });
      for (const end of ['error', 'close']) {
        request.once(end, () => {
          if (settle()) resolve(undefined);
        });
      }
    });
  }

  /**
   * Adds bytes to a body, or empties a body that is too large.
   *
   * @param length the number of bytes received so far
   * @returns whether the body takes more memory now
   */
  #grow(body: GrowingBytes, bytes: Uint8Array, length: number): boolean {
    const before = body.capacity;
    if (length > MAX_BYTES) body.clear();
    else body.add(bytes);
    this.#heldBytes += body.capacity - before;
    return body.capacity > before;
  }

  /** Refuses the oldest bodies while there are too many. A webhook of Lalamove's is short and arrives at once. */
  #refuseOldest(): void {
    for (const giveUp of this.#receiving.values()) {
      if (this.#heldBytes <= MAX_HELD_BYTES) return;
      giveUp();
    }
  }
}

const TOO_MANY = `bodies of more than ${MAX_HELD_BYTES / MAX_BYTES} MiB in total arrive at once: check who sends them`;

function tooLarge(): LalamoveWebhookException {
  return new LalamoveWebhookException('LALAMOVE_WEBHOOK_TOO_LARGE');
}

/** What a serverless wrapper, or a body parser that was added to the platform before Nest, kept of the body. */
function keptBody(request: IncomingMessage): ReceivedBody | undefined {
  for (const kept of [Reflect.get(request, 'rawBody'), Reflect.get(request, 'body')]) {
    if (typeof kept !== 'string' && !isObject(kept)) continue;
    if (!isEmpty(kept) || mayBeEmpty(request)) return kept;
  }
  if (request.destroyed) return undefined;
  if (mayBeEmpty(request)) return '';
  throw new Error(
    'a body parser that was added to the platform before Nest read the webhook and did not keep it: ' +
      'add the parser to the Nest app instead',
  );
}

function isEmpty(kept: string | object): boolean {
  return typeof kept === 'string' ? kept === '' : Object.keys(kept).length === 0;
}

/** Whether the sent body can be empty or `{}`. If not, a kept value that is empty means that the body was lost. */
function mayBeEmpty({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= 2;
}
