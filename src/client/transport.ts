import type { HttpService } from '@nestjs/axios';
import type { AxiosResponse } from 'axios';
import { addAbortSignal, Readable } from 'node:stream';
import { catchError, defer, finalize, fromEvent, map, race, switchMap, tap, throwError, type Observable } from 'rxjs';
import { isRecord } from '../dto/is-record.js';
import type { AnswerHeaders } from '../errors/retry-after.js';
import type { UpstreamAnswer } from '../errors/translate-answer.js';

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

/** An attempt that brought no usable answer. */
export class WireFailure extends Error {
  override readonly name = 'WireFailure';

  /**
   * @param kind what happened
   * @param unsent whether the request certainly never reached Lalamove
   */
  constructor(
    readonly kind: 'timeout' | 'aborted' | 'connection' | 'unreadable',
    readonly unsent: boolean,
    readonly origin?: unknown,
  ) {
    super(`The request ended by ${kind}.`);
  }
}

/** Lalamove's largest answer, the list of cities, is a fraction of this. */
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/** Errors from before there was a connection: nothing can have been sent. */
const UNCONNECTED_SYSCALLS = new Set<unknown>(['connect', 'getaddrinfo']);

/** Sends one request through `@nestjs/axios` and reads its answer, whatever its status. Errors are {@link WireFailure}s. */
export function send(http: HttpService, request: WireRequest): Observable<UpstreamAnswer> {
  return defer(() => {
    if (request.signal?.aborted) return throwError(() => new WireFailure('aborted', true));
    const stop = stopwatch(request);
    return race(
      defer(() => respond(http, request, stop.signal)),
      stop.stopped,
    ).pipe(
      switchMap((response) => readAnswer(response, stop.signal)),
      tap(stop.complete),
      catchError((error: unknown) =>
        throwError(() => {
          if (error instanceof WireFailure) return error;
          return stop.signal.aborted ? stop.failure() : new WireFailure('connection', isUnconnected(error), error);
        }),
      ),
      finalize(stop.dispose),
    );
  });
}

function respond(
  http: HttpService,
  { method, url, headers, body }: WireRequest,
  signal: AbortSignal,
): Observable<AxiosResponse<unknown>> {
  return http.request<unknown>({
    method,
    url,
    headers,
    data: body,
    signal,
    // The body is read by us: whatever its status, up to a limit, and with what came of it before it broke.
    responseType: 'stream',
    validateStatus: () => true,
    // The signature covers these very bytes.
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    maxRedirects: 0,
    timeout: 0,
  });
}

/** One signal for the time limit and the caller's own signal, and which of them it was. */
function stopwatch({ timeoutMs, signal }: WireRequest): {
  signal: AbortSignal;
  stopped: Observable<never>;
  failure: () => WireFailure;
  complete: () => void;
  dispose: () => void;
} {
  const controller = new AbortController();
  let complete = false;
  const stop = (): void => {
    controller.abort();
  };
  const timer = setTimeout(stop, timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  const failure = (): WireFailure => new WireFailure(signal?.aborted ? 'aborted' : 'timeout', false);
  return {
    signal: controller.signal,
    stopped: fromEvent(controller.signal, 'abort').pipe(
      map(() => {
        throw failure();
      }),
    ),
    failure,
    complete: () => {
      complete = true;
    },
    dispose: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      // Ends what nobody waits for any more. After a complete answer that would end a socket which others may use by now.
      if (!complete) stop();
    },
  };
}

/** Reads an answer to its end. Of a refusal the status says enough: a body that breaks off is handed on as far as it came. */
async function readAnswer(response: AxiosResponse<unknown>, signal: AbortSignal): Promise<UpstreamAnswer> {
  const { status } = response;
  const headers = plainHeaders(response.headers);
  const { data } = response;
  if (!(data instanceof Readable)) return { status, headers, body: textOf(data) };

  const chunks: Buffer[] = [];
  try {
    let size = 0;
    for await (const chunk of addAbortSignal(signal, data)) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      size += bytes.length;
      if (size > LARGEST_ANSWER_BYTES) throw new WireFailure('unreadable', false);
      chunks.push(bytes);
    }
  } catch (error) {
    if (status < 400) throw isUndecodable(error) ? new WireFailure('unreadable', false, error) : error;
  }
  // Decoded as one piece: a character may lie across two chunks.
  return { status, headers, body: Buffer.concat(chunks).toString('utf8') };
}

/** The body of an answer that a mocked `HttpService` gave ready-made. */
function textOf(data: unknown): string {
  if (typeof data === 'string') return data;
  if (data === undefined || data === null) return '';
  return Buffer.isBuffer(data) ? data.toString('utf8') : JSON.stringify(data);
}

function plainHeaders(headers: unknown): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
    ),
  );
}

// Errors are told by what they hold: a class is another one in each realm (Jest runs tests in one of their own).

/** Whether an error is zlib's: everything came, but it cannot be unpacked. */
function isUndecodable(error: unknown): boolean {
  return isRecord(error) && typeof error.code === 'string' && error.code.startsWith('Z_');
}

/** Whether an error, or each of those that it gathers, is from before there was a connection. */
function isUnconnected(error: unknown): boolean {
  if (!isRecord(error)) return false;
  if (Array.isArray(error.errors) && error.errors.length > 0) return error.errors.every(isUnconnected);
  return UNCONNECTED_SYSCALLS.has(error.syscall) || isUnconnected(error.cause);
}
