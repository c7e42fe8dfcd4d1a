import type { HttpService } from '@nestjs/axios';
import { defer, Observable } from 'rxjs';
import { Readable } from 'node:stream';
import { captureContext } from '../../internal/async-context.js';
import type { AnswerHeaders } from '../../api/rate-limit-headers.js';
import type { UpstreamAnswer } from '../../errors/translate-answer.js';
import { isUnreadable, readBody, wholeBody, type ReadBody } from './answer-body.js';
import { Dispatch } from './request-tracker.js';
import { LalamoveHttpService, type ArrivedResponse, type LalamoveRequestConfig } from './lalamove-http.service.js';
import { Stopwatch } from './stopwatch.js';
import { WireFailure } from './wire-failure.js';

/** A request to Lalamove. */
export interface LalamoveRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
  /** Of real time, whatever clock drives the rest: the wire knows no other. */
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/** Sends one request through `@nestjs/axios` and reads its answer, whatever its status. Errors are {@link WireFailure}s. */
export function send(http: HttpService, request: LalamoveRequest): Observable<UpstreamAnswer> {
  return new Observable((subscriber) => {
    if (request.signal?.aborted) {
      subscriber.error(new WireFailure('aborted', { unsent: true }));
      return undefined;
    }
    const stopwatch = new Stopwatch(request.timeoutMs, request.signal);
    const dispatch = new Dispatch();
    // A connection that is kept open breaks in the context of the call that opened it, and whoever aborts has another.
    const run = captureContext();
    let response: ArrivedResponse | undefined;
    let isReading = false;
    const fail = (error?: unknown): void => {
      if (subscriber.closed) return;
      // The reader of a stream that is stopped says what it has of a refusal.
      if (stopwatch.aborted && response && response.status >= 400 && isReading) return;
      const telling = dispatch.tellingAnswer(error);
      // A refusal that broke off says enough all the same.
      if (telling) succeed(telling, { text: telling.body.text(), isCut: telling.isCut });
      else {
        run(() => {
          subscriber.error(wireFailure(error, { stopwatch, dispatch, response }));
        });
      }
    };
    const succeed = (head: Head, { text, isCut }: ReadBody): void => {
      run(() => {
        subscriber.next({ status: head.status, headers: plainHeaders(head.headers), body: text, isCut });
        subscriber.complete();
      });
    };
    stopwatch.addEventListener('abort', () => {
      dispatch.cancel();
      fail();
    });
    const config = requestConfig(request, dispatch, stopwatch);
    const responses =
      http instanceof LalamoveHttpService
        ? http.exchange(config, dispatch)
        : defer(() => http.request<unknown>(config));
    const subscription = responses.subscribe({
      next: (arrived) => {
        response = arrived;
        const { data } = arrived;
        if (!(data instanceof Readable)) {
          try {
            succeed(arrived, wholeBody(data, arrived.status));
          } catch (error) {
            fail(error);
          }
          return;
        }
        isReading = true;
        readBody(data, arrived.status, stopwatch).then((body) => {
          // Read to its end, its socket may be in use by others.
          stopwatch.dispose();
          succeed(arrived, body);
        }, fail);
      },
      error: fail,
      complete: () => {
        if (!response) fail(new Error('The HttpService gave no response.'));
      },
    });
    return () => {
      subscription.unsubscribe();
      // What nobody waits for any more is not to go on.
      dispatch.cancel();
      stopwatch.stop();
    };
  });
}

type Head = Pick<ArrivedResponse, 'status' | 'headers'>;

/** What a request ended in that brought no complete answer. */
function wireFailure(
  cause: unknown,
  { stopwatch, dispatch, response }: { stopwatch: Stopwatch; dispatch: Dispatch; response: Head | undefined },
): WireFailure {
  const arriving = response ?? dispatch.answer;
  const head = arriving && { status: arriving.status, headers: plainHeaders(arriving.headers) };
  const unsent = dispatch.neverLeft(cause);
  if (stopwatch.aborted) return new WireFailure(stopwatch.kind, { head, unsent });
  return new WireFailure(isUnreadable(cause) ? 'unreadable' : 'connection', { head, cause, unsent });
}

function requestConfig(
  { method, url, headers, body }: LalamoveRequest,
  dispatch: Dispatch,
  signal: Stopwatch,
): LalamoveRequestConfig {
  return {
    method,
    url,
    headers,
    data: body,
    signal,
    // For adapters other than ours: the body is read by us, whatever its status, up to a limit, and with what came of it before it broke.
    responseType: 'stream',
    validateStatus: () => true,
    // The signature covers these very bytes: nothing is transformed, only noted.
    transformRequest: dispatch.onRequest,
    transformResponse: dispatch.onResponse,
    maxRedirects: 0,
    timeout: 0,
  };
}

/** What the headers of an answer can tell of its call, and of who has written it. */
const TELLING = /^(content-type|request-id|date|retry-after(-ms)?|ratelimit.*)$/;

function plainHeaders(headers: object): AnswerHeaders {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries<unknown>({ ...headers })) {
    const lower = name.toLowerCase();
    if (typeof value === 'string' && TELLING.test(lower)) plain[lower] = value;
  }
  return plain;
}
