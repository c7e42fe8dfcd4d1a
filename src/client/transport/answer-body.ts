import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, inflateRaw, unzip } from 'node:zlib';
import { isParsedBody } from '../../errors/parsed-body.js';
import { GrowingBytes } from '../../internal/growing-bytes.js';
import { isRecord } from '../../internal/is-record.js';
import type { Stopwatch } from './stopwatch.js';

/** Lalamove's largest answer, the list of cities, is a fraction of this. */
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/** A body that came but cannot be used: larger than any of Lalamove's, or packed in a way that cannot be unpacked. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
}

/** Whether an error, or what caused it, is an {@link UnreadableBody}: axios wraps what its adapters throw. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof UnreadableBody || (isRecord(error) && error.cause instanceof UnreadableBody);
}

/** Gathers the bytes of a body. */
export class AnswerBody {
  readonly #encoding: string | undefined;
  readonly #bytes = new GrowingBytes(LARGEST_ANSWER_BYTES);

  /** @param encoding its `Content-Encoding` */
  constructor(encoding?: string) {
    this.#encoding = encoding?.trim().toLowerCase();
  }

  /** @returns whether there still are no more than any of Lalamove's answers has */
  add(chunk: Buffer): boolean {
    return this.#bytes.add(chunk);
  }

  /** What has come so far; decoded as one piece, for a character may lie across two chunks. */
  text(): string {
    return decoded(this.#bytes.bytes());
  }

  /**
   * What has come, unpacked where it is packed.
   *
   * @throws UnreadableBody where that cannot be done
   */
  unpacked(): string | Promise<string> {
    const bytes = this.#bytes.bytes();
    if (bytes.length === 0) return '';
    const unpack = unpacking(this.#encoding, bytes);
    return unpack ? unpackedText(unpack, bytes) : decoded(bytes);
  }
}

/** A body as far as it came, and whether that is all of it. */
export interface ReadBody {
  readonly text: string;
  readonly isCut: boolean;
}

/**
 * Reads the body that an adapter of axios's hands on as a stream. Of a refusal the status says enough: where it breaks off, what has come is
 * handed on.
 */
export async function readBody(stream: Readable, status: number, stopwatch: Stopwatch): Promise<ReadBody> {
  const body = new AnswerBody();
  stopwatch.addEventListener('abort', () => {
    stream.destroy(new Error('stopped'));
  });
  try {
    for await (const chunk of stream) {
      if (!body.add(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)))) throw new UnreadableBody();
    }
  } catch (error) {
    if (status < 400) throw isUndecodable(error) ? new UnreadableBody() : error;
    return { text: body.text(), isCut: true };
  }
  return { text: body.text(), isCut: false };
}

/**
 * A body that is there already; what another adapter hands on and we cannot read counts as cut.
 *
 * @throws UnreadableBody for one of no refusal that cannot be written again, or whose ids may have lost digits when it was parsed
 */
export function wholeBody(data: unknown, status: number): ReadBody {
  if (typeof data === 'string') return { text: data, isCut: false };
  if (data === undefined || data === null) return { text: '', isCut: false };
  if (Buffer.isBuffer(data)) return { text: decoded(data), isCut: false };
  const { text, isExact } = writtenAgain(data);
  if (!isExact && status < 400)
    throw new UnreadableBody('It was parsed before it came here, and its numbers have lost digits.');
  return { text, isCut: text === '' || !isParsedBody(data) };
}

/** JSON of what was parsed, and whether it is all that came: a number beyond the safe ones was rounded. */
function writtenAgain(data: unknown): { text: string; isExact: boolean } {
  let isExact = true;
  try {
    const text = JSON.stringify(data, (_, value: unknown) => {
      if (typeof value === 'bigint') return String(value);
      if (typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) isExact = false;
      return value;
    });
    return { text, isExact };
  } catch {
    return { text: '', isExact: false };
  }
}

/** Without the byte order mark that `JSON.parse` refuses. */
function decoded(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

interface UnpackingOptions {
  maxOutputLength: number;
}

type Unpacking = (bytes: Buffer, options: UnpackingOptions) => Promise<Buffer>;

/** None is asked for, but a gateway may pack all the same. */
function unpacking(encoding: string | undefined, bytes: Buffer): Unpacking | undefined {
  if (encoding === undefined) return undefined;
  if (encoding === 'br') return promisify<Buffer, UnpackingOptions, Buffer>(brotliDecompress);
  if (!/^((x-)?gzip|deflate)$/.test(encoding)) return undefined;
  // Some send `deflate` without zlib's header, whose first half byte is an 8 (RFC 1950 §2.2).
  const isBare = encoding === 'deflate' && ((bytes[0] ?? 0) & 0x0f) !== 8;
  return promisify<Buffer, UnpackingOptions, Buffer>(isBare ? inflateRaw : unzip);
}

async function unpackedText(unpack: Unpacking, bytes: Buffer): Promise<string> {
  try {
    return decoded(await unpack(bytes, { maxOutputLength: LARGEST_ANSWER_BYTES }));
  } catch (error) {
    throw new UnreadableBody('The answer cannot be unpacked.', { cause: error });
  }
}

/** Whether an error is zlib's (gzip's codes begin with `Z_`, brotli's with `ERR__`): everything came, but it cannot be unpacked. */
function isUndecodable(error: unknown): boolean {
  return isRecord(error) && typeof error.code === 'string' && /^(Z_|ERR__|ERR_BROTLI_)/.test(error.code);
}
