import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** The result of a post: an answer, or why there is none. */
export type PostOutcome = { readonly status: number; readonly body: string } | { readonly error: string };

/** The rest of a longer answer is not read. */
const MAX_BODY_LENGTH = 2000;

/**
 * Posts a body to a URL and reads the answer. It never rejects. Each post opens a new connection, as a webhook sender
 * would.
 */
export function postWebhook(url: string, body: string, timeoutMs: number, signal: AbortSignal): Promise<PostOutcome> {
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
        const { statusCode: status = 0 } = response;
        let text = '';
        const end = (): void => {
          resolve({ status, body: text });
        };
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text = (text + chunk).slice(0, MAX_BODY_LENGTH);
          if (text.length === MAX_BODY_LENGTH) end();
        });
        // The status counts, even if the body is cut off.
        response.on('error', end).on('close', end).on('end', end);
      });
      outgoing.end(body);
    } catch (error) {
      fail(error);
    }
  });
}
