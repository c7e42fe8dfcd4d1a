import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, inflateRaw, unzip } from 'node:zlib';
import { bodyText } from '../../errors/body-text.js';
import type { UpstreamAnswer } from '../../errors/translate-answer.js';
import { GrowingBytes } from '../../internal/growing-bytes.js';
import { isRecord } from '../../internal/is-record.js';
import type { AttemptSignal } from './attempt-signal.js';
import { isObject } from '../../internal/is-object.js';

/** The largest answer of Lalamove, the list of cities, is a fraction of this. */
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/** A body that arrived but cannot be used: it is larger than any of Lalamove's, or cannot be decompressed. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
}

/** Whether an error, or its cause, is an {@link UnreadableBody}: axios wraps what its adapters throw. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof UnreadableBody || (isRecord(error) && error.cause instanceof UnreadableBody);
}

/** The body as far as it arrived; it is cut if it broke off or cannot be read. */
export type ReadBody = Required<Pick<UpstreamAnswer, 'body' | 'isCut'>>;

/** Collects the bytes of a body. */
export class AnswerBody {
  readonly #encoding: string | undefined;
  readonly #bytes = new GrowingBytes(LARGEST_ANSWER_BYTES);

  /** @param encoding its `Content-Encoding` */
  constructor(encoding?: string) {
    this.#encoding = encoding?.trim().toLowerCase();
  }

  /** @returns `false` if the body is larger than any of Lalamove's answers */
  add(chunk: Buffer): boolean {
    return this.#bytes.add(chunk);
  }

  /** The text so far, decoded in one piece: a character may span two chunks. */
  text(): string {
    return decoded(this.#bytes.bytes());
  }

  /**
   * The text, decompressed if necessary.
   *
   * @throws UnreadableBody if it cannot be decompressed
   */
  unpacked(): string | Promise<string> {
    const bytes = this.#bytes.bytes();
    if (bytes.length === 0) return '';
    const unpack = unpacking(this.#encoding, bytes);
    return unpack ? unpackedText(unpack, bytes) : decoded(bytes);
  }
}

/**
 * Reads a body that an axios adapter returns as a stream. If a refusal breaks off, this returns what arrived, because
 * the status says enough.
 */
export async function readBody(stream: Readable, status: number, signal: AttemptSignal): Promise<ReadBody> {
  const body = new AnswerBody();
  signal.addEventListener('abort', () => {
    stream.destroy(new Error('stopped'));
  });
  try {
    for await (const chunk of stream) {
      if (!body.add(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)))) throw new UnreadableBody();
    }
  } catch (error) {
    if (status < 400) throw isUndecodable(error) ? new UnreadableBody() : error;
    return { body: body.text(), isCut: true };
  }
  return { body: body.text(), isCut: false };
}

/**
 * Reads a body that is complete, in any form that an adapter, an interceptor or a mock may return.
 *
 * @throws UnreadableBody for a success that cannot be written as JSON again, or whose ids may have lost digits
 */
export function wholeBody(data: unknown, status: number): ReadBody {
  if (data === undefined || data === null) return { body: '', isCut: false };
  if (Buffer.isBuffer(data)) return { body: decoded(data), isCut: false };
  const text = bodyText(data);
  if (status < 400 && (text === undefined || hasRoundedNumber(data))) {
    throw new UnreadableBody('The answer was parsed before the client read it, and its numbers may have lost digits.');
  }
  return { body: text ?? '', isCut: text === undefined };
}

/** Whether parsing may have rounded a number: an id has 19 digits, and a `number` holds 15. */
function hasRoundedNumber(data: unknown): boolean {
  if (typeof data === 'number') return !(Math.abs(data) <= Number.MAX_SAFE_INTEGER);
  return isObject(data) && Object.values(data).some(hasRoundedNumber);
}

/** Without the byte order mark, which `JSON.parse` refuses. */
function decoded(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

interface UnpackingOptions {
  maxOutputLength: number;
}

type Unpacking = (bytes: Buffer, options: UnpackingOptions) => Promise<Buffer>;

/** We ask for no compression, but a gateway may compress all the same. */
function unpacking(encoding: string | undefined, bytes: Buffer): Unpacking | undefined {
  if (encoding === undefined) return undefined;
  if (encoding === 'br') return promisify<Buffer, UnpackingOptions, Buffer>(brotliDecompress);
  if (!/^((x-)?gzip|deflate)$/.test(encoding)) return undefined;
  // Some servers send `deflate` without the header of zlib, which begins with a half byte of 8 (RFC 1950 §2.2).
  const isBare = encoding === 'deflate' && ((bytes[0] ?? 0) & 0x0f) !== 8;
  return promisify<Buffer, UnpackingOptions, Buffer>(isBare ? inflateRaw : unzip);
}

async function unpackedText(unpack: Unpacking, bytes: Buffer): Promise<string> {
  try {
    return decoded(await unpack(bytes, { maxOutputLength: LARGEST_ANSWER_BYTES }));
  } catch (error) {
    throw new UnreadableBody('The answer cannot be decompressed.', { cause: error });
  }
}

/** Whether an error is from decompression: the codes of gzip begin with `Z_`, those of brotli with `ERR__`. */
function isUndecodable(error: unknown): boolean {
  return isRecord(error) && typeof error.code === 'string' && /^(Z_|ERR__|ERR_BROTLI_)/.test(error.code);
}
