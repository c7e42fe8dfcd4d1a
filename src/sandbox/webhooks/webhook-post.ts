import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** How a post ended: with a status, or why there is none. */
export type PostOutcome = { readonly status: number } | { readonly error: string };

/** Posts a text to a URL and reads the answer's status; never throws. Each post has a connection of its own, as a sender of webhooks would. */
export function post(url: string, body: string, timeoutMs: number, signal: AbortSignal): Promise<PostOutcome> {
  return new Promise((resolve) => {
    const request = url.startsWith('https:') ? requestHttps : requestHttp;
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'Lalamove-Webhook',
    };
    const fail = (error: unknown): void => {
      resolve({ error: error instanceof Error ? error.message : String(error) });
    };
    try {
      const outgoing = request(url, { method: 'POST', headers, agent: false, signal });
      const timer = setTimeout(() => {
        outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      outgoing.on('error', fail);
      outgoing.on('close', () => {
        clearTimeout(timer);
        fail('the connection was closed without an answer');
      });
      outgoing.on('response', (response) => {
        resolve({ status: response.statusCode ?? 0 });
        response.on('error', fail);
        response.resume();
      });
      outgoing.end(body);
    } catch (error) {
      fail(error);
    }
  });
}
