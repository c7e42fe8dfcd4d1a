import type { IncomingMessage } from 'node:http';
import { GrowingBytes } from '../../internal/growing-bytes.js';
import { LalamoveWebhookException } from '../webhook.exceptions.js';

/** Lalamove's events have some KB. */
const MAX_BYTES = 1024 * 1024;

/** So much of what is too large is still read, and forgotten, so that its sender reads our answer. */
const MAX_DISCARDED_BYTES = 4 * MAX_BYTES;

/** All bodies that are under way together take no more than this: beyond it the one that began first is given up. */
const MAX_HELD_BYTES = 32 * MAX_BYTES;

/** The bytes of a body, its text, or what was parsed of it. */
export type ReceivedBody = Uint8Array | string | object;

/** Reads the bodies of requests, whatever their type, in bounded memory. */
export class RequestBodies {
  /** Each with what gives it up, in the order in which they began. */
  readonly #underWay = new Map<GrowingBytes, () => void>();
  #heldBytes = 0;

  /**
   * Reads a body and has it used. It takes its share of the memory until that is done.
   *
   * @param use gets its bytes; what a body parser ahead of us has made of them, where it has kept nothing else
   * @returns what `use` does; `undefined` where the sender left before the end
   * @throws LalamoveWebhookException 413 above 1 MiB, 503 where too many bodies are under way
   * @throws Error where something ahead of us has read the body and kept nothing of it
   */
  async read<T>(request: IncomingMessage, use: (body: ReceivedBody) => Promise<T>): Promise<T | undefined> {
    // A serverless wrapper's request need not be a stream at all.
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

  /** @returns what goes on counting as held */
  #bytesOf(request: IncomingMessage): Promise<GrowingBytes | undefined> {
    return new Promise((resolve, reject) => {
      const body = new GrowingBytes(MAX_BYTES);
      let length = 0;
      const settle = (outcome: () => void): void => {
        if (!this.#underWay.delete(body)) return;
        this.#heldBytes -= body.capacity;
        request.off('data', take);
        outcome();
      };
      const refuse = (exception: LalamoveWebhookException): void => {
        settle(() => {
          request.pause();
          reject(exception);
        });
      };
      const take = (chunk: Uint8Array | string): void => {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        length += bytes.length;
        const before = body.capacity;
        if (length > MAX_BYTES) body.clear();
        else body.add(bytes);
        this.#heldBytes += body.capacity - before;
        if (length > MAX_DISCARDED_BYTES) refuse(tooLarge());
        else if (body.capacity > before) this.#bound();
      };
      this.#underWay.set(body, () => {
        refuse(new LalamoveWebhookException('LALAMOVE_WEBHOOK_NOT_TAKEN', { cause: new Error(TOO_MANY) }));
      });
      request.on('data', take);
      request.once('end', () => {
        settle(() => {
          if (length > MAX_BYTES) reject(tooLarge());
          else {
            this.#heldBytes += body.capacity;
            resolve(body);
          }
        });
      });
      for (const end of ['error', 'close']) {
        request.once(end, () => {
          settle(() => {
            resolve(undefined);
          });
        });
      }
    });
  }

  /** A true webhook is short and comes at once: what began long ago is none. */
  #bound(): void {
    for (const giveUp of this.#underWay.values()) {
      if (this.#heldBytes <= MAX_HELD_BYTES) return;
      giveUp();
    }
  }
}

const TOO_MANY = `bodies of more than ${MAX_HELD_BYTES / MAX_BYTES} MiB are under way at once: who sends them?`;

function tooLarge(): LalamoveWebhookException {
  return new LalamoveWebhookException('LALAMOVE_WEBHOOK_TOO_LARGE');
}

/** What a serverless wrapper, or a body parser that was put on the platform before Nest, has left of what it has read. */
function keptBody(request: IncomingMessage): ReceivedBody | undefined {
  for (const kept of [Reflect.get(request, 'rawBody'), Reflect.get(request, 'body')]) {
    if (typeof kept !== 'string' && !isObject(kept)) continue;
    if (!isEmpty(kept) || mayBeEmpty(request)) return kept;
  }
  if (request.destroyed) return undefined;
  if (mayBeEmpty(request)) return '';
  throw new Error(
    'a body parser that was added to the platform before Nest has read the webhook and kept nothing of it: add it to the Nest app instead',
  );
}

function isEmpty(kept: string | object): boolean {
  return typeof kept === 'string' ? kept === '' : Object.keys(kept).length === 0;
}

/** Whether nothing, or `{}`, may have been sent: of all else, what is kept as empty is lost. */
function mayBeEmpty({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= 2;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
