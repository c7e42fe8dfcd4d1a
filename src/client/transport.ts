import type { HttpService } from '@nestjs/axios';
import type { AxiosRequestConfig } from 'axios';
import { Readable } from 'node:stream';
import { catchError, defer, finalize, of, race, switchMap, throwError, throwIfEmpty, type Observable } from 'rxjs';
import type { AnswerHeaders } from '../errors/rate-limit-headers.js';
import type { UpstreamAnswer } from '../errors/translate-answer.js';
import { isUnreadable, readBody } from './answer-body.js';
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
        const { status, headers } = (head = headOf(response));
        const body = await readBody(response, stop.signal);
        // Where an interceptor handed on something else, the answer itself is unread, and its socket not to be left open.
        if (response.data instanceof Readable) stop.complete();
        return { status, headers, body };
      }),
      catchError((error: unknown) => ended(error, { stop, dispatch, head })),
      finalize(stop.dispose),
    );
  });
}

/** What a request that brought no complete answer ended in: a refusal that broke off says enough all the same. */
function ended(
  cause: unknown,
  { stop, dispatch, head }: { stop: Stopwatch; dispatch: Dispatch; head: WireFailureDetails['head'] },
): Observable<UpstreamAnswer> {
  const telling = dispatch.tellingAnswer(cause);
  if (telling) return of({ ...headOf(telling), body: telling.body.text() });
  const known = head ?? (dispatch.answer && headOf(dispatch.answer));
  const unsent = dispatch.neverLeft(cause);
  if (stop.signal.aborted) return throwError(() => new WireFailure(stop.kind(), { head: known, unsent }));
  const kind = isUnreadable(cause) ? 'unreadable' : 'connection';
  return throwError(() => new WireFailure(kind, { head: known, cause, unsent }));
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

function headOf({ status, headers }: { status: number; headers: unknown }): Pick<UpstreamAnswer, 'status' | 'headers'> {
  return { status, headers: plainHeaders(headers) };
}

function plainHeaders(headers: unknown): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
    ),
  );
}
