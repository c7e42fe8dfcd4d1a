import type { IncomingMessage, ServerResponse } from 'node:http';

/** A middleware that reads the whole body, and calls `keep` with it. */
export function consuming(keep: (request: object, bytes: Buffer) => void = () => undefined) {
  return (request: IncomingMessage, _: ServerResponse, next: () => void): void => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    request.on('end', () => {
      keep(request, Buffer.concat(chunks));
      next();
    });
  };
}
