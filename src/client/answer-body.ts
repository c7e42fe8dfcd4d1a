import type { AxiosResponse } from 'axios';
import { addAbortSignal, Readable } from 'node:stream';
import { isRecord } from '../is-record.js';

/** Lalamove's largest answer, the list of cities, is a fraction of this. */
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/** Reads a body to its end. Of a refusal the status says enough: a body that breaks off is handed on as far as it came. */
export async function readBody({ status, data }: AxiosResponse<unknown>, signal: AbortSignal): Promise<string> {
  if (!(data instanceof Readable)) return textOf(data);
  const chunks: Buffer[] = [];
  try {
    let size = 0;
    for await (const chunk of addAbortSignal(signal, data)) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      size += bytes.length;
      if (size > LARGEST_ANSWER_BYTES) throw new UnreadableBody();
      chunks.push(bytes);
    }
  } catch (error) {
    if (status < 400) throw isUndecodable(error) ? new UnreadableBody() : error;
  }
  // Decoded as one piece, for a character may lie across two chunks; a byte order mark is dropped.
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** The body of an answer that a mocked `HttpService` gave ready-made. */
function textOf(data: unknown): string {
  if (typeof data === 'string') return data;
  if (data === undefined || data === null) return '';
  return Buffer.isBuffer(data) ? data.toString('utf8') : JSON.stringify(data);
}

/** A body that came but cannot be used: larger than any of Lalamove's, or packed in a way that cannot be unpacked. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
}

/** Whether an error is zlib's (gzip's codes begin with `Z_`, brotli's with `ERR__`): everything came, but it cannot be unpacked. */
function isUndecodable(error: unknown): boolean {
  return isRecord(error) && typeof error.code === 'string' && /^(Z_|ERR__|ERR_BROTLI_)/.test(error.code);
}
