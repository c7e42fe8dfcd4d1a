import type { IncomingMessage, ServerResponse } from 'node:http';
import { proofPicture } from '../state/proof-picture.js';
import { pathnameOf } from './seen-request.js';

const FILE = /^\/proofs\/(\d+-\d+)\.png$/;

/** Answers a request for a picture: a parcel in front of a door, whose color depends on the order and the stop. */
export function serveProof({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const [, name] = FILE.exec(pathnameOf(url)) ?? [];
  if (name === undefined || (method !== 'GET' && method !== 'HEAD')) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('The sandbox has no such picture.\n');
    return;
  }
  const picture = proofPicture(name);
  response.writeHead(200, {
    'content-type': 'image/png',
    'content-length': picture.length,
    'cache-control': 'max-age=3600',
    'x-content-type-options': 'nosniff',
  });
  response.end(method === 'HEAD' ? undefined : picture);
}
