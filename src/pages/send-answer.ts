import type { IncomingMessage, ServerResponse } from 'node:http';
import { ASSET_HEADERS, DATA_HEADERS } from './page-headers.js';
import type { PageAsset } from './page-assets.js';

/** Sends a whole answer; to `HEAD` without its body. */
export function sendAnswer(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(method === 'HEAD' ? undefined : body);
}

/** Sends data, which nobody stores. */
export function sendJson(request: IncomingMessage, response: ServerResponse, status: number, value: unknown): void {
  const headers = { ...DATA_HEADERS, 'content-type': 'application/json; charset=utf-8' };
  sendAnswer(request, response, status, headers, Buffer.from(JSON.stringify(value)));
}

/** Sends a file of a page; 304 if the browser has it. */
export function sendAsset(request: IncomingMessage, response: ServerResponse, { type, etag, body }: PageAsset): void {
  const headers = { ...ASSET_HEADERS, etag };
  if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
  else sendAnswer(request, response, 200, { ...headers, 'content-type': type }, body);
}
