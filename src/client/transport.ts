import type { HttpService } from '@nestjs/axios';
import type { AxiosRequestConfig } from 'axios';
import { Readable } from 'node:stream';
import { catchError, defer, finalize, race, switchMap, throwError, throwIfEmpty, type Observable } from 'rxjs';
import type { AnswerHeaders } from '../errors/retry-after.js';
import type { UpstreamAnswer } from '../errors/translate-answer.js';
import { readBody, UnreadableBody } from './answer-body.js';
import { Dispatch } from './dispatch.js';
import { stopwatch, type Stopwatch } from './stopwatch.js';
import { WireFailure, type WireFailureDetails } from './wire-failure.js';

/** A request as it goes onto the wire. */
export interface WireRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
  /** Of real time, whatever clock drives the rest: the wire knows no other. */
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/** Sends one request through `@nestjs/axios` and reads its answer, whatever its status. Errors are {@link WireFailure}s. */
export function send(http: HttpService, request: WireRequest): Observable<UpstreamAnswer> {
  return defer(() => {
    if (request.signal?.aborted) return throwError(() => new WireFailure('aborted', { unsent: true }));
    const stop = stopwatch(request.timeoutMs, request.signal);
    const dispatch = new Dispatch();
    let head: WireFailureDetails['head'];
    return race(
      defer(() => http.request<unknown>(requestConfig(request, dispatch, stop.signal))),
      stop.stopped,
    ).pipe(
      throwIfEmpty(),
      switchMap(async (response) => {
        const { status, headers } = (head = { status: response.status, headers: plainHeaders(response.headers) });
        const body = await readBody(response, stop.signal);
        // Where an interceptor handed on something else, the answer itself is unread, and its socket not to be left open.
        if (response.data instanceof Readable) stop.complete();
        return { status, headers, body };
      }),
      catchError((error: unknown) => throwError(() => wireFailure(error, { stop, dispatch, head }))),
      finalize(stop.dispose),
    );
  });
}

function wireFailure(
  cause: unknown,
  { stop, dispatch, head }: { stop: Stopwatch; dispatch: Dispatch; head: WireFailureDetails['head'] },
): WireFailure {
  if (stop.signal.aborted) return new WireFailure(stop.kind(), { head });
  if (cause instanceof UnreadableBody) return new WireFailure('unreadable', { head, cause });
  return new WireFailure('connection', { head, cause, unsent: dispatch.neverLeft(cause) });
}

function requestConfig(
  { method, url, headers, body }: WireRequest,
  dispatch: Dispatch,
  signal: AbortSignal,
): AxiosRequestConfig {
  return {
    method,
    url,
    headers,
    data: body,
    signal,
    // The body is read by us: whatever its status, up to a limit, and with what came of it before it broke.
    responseType: 'stream',
    validateStatus: () => true,
    // The signature covers these very bytes: nothing is transformed, only noted.
    transformRequest: dispatch.onRequest,
    transformResponse: dispatch.onResponse,
    maxRedirects: 0,
    timeout: 0,
  };
}

function plainHeaders(headers: unknown): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
    ),
  );
}
