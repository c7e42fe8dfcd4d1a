/** An answer that is no success, or no answer. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  /** @param status of the answer; 0 without an answer */
  constructor(
    message: string,
    readonly status: number,
    readonly body?: unknown,
  ) {
    super(message);
  }
}

/** How a request is made. */
export interface JsonRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Sends a request to the page's own server and reads the JSON of the answer; `undefined` for an empty one.
 *
 * @throws RequestError with the server's message
 */
export async function requestJson(
  path: string,
  { method = 'GET', body, headers, signal }: JsonRequest = {},
): Promise<unknown> {
  const isChange = method !== 'GET';
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers: { accept: 'application/json', ...(isChange && { 'content-type': 'application/json' }), ...headers },
      ...(isChange && { body: JSON.stringify(body ?? {}) }),
      ...(signal && { signal }),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestError('The server does not answer. It may be restarting.', 0);
  }
  const value = parsed(text);
  if (response.ok) return value;
  throw new RequestError(messageIn(value) ?? `The server answered ${response.status}.`, response.status, value);
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function messageIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const message: unknown = Reflect.get(value, 'message') ?? Reflect.get(value, 'detail');
  return typeof message === 'string' ? message : undefined;
}
