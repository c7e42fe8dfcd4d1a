import { get, type IncomingMessage } from 'node:http';
import {
  ForbiddenException,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { DeliveriesBoardModule, type DeliveriesBoardOptions } from 'nestjs-lalamove/board';
import { DeliveriesHost, type DeliveriesHostOptions } from '../deliveries/deliveries-host.js';

/** A request as the guard leaves it. */
export interface OperatorRequest {
  headers: Record<string, string | undefined>;
  operator?: string;
}

/** Lets operators in by a header: 401 without it, 403 for a stranger. */
@Injectable()
export class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<OperatorRequest>();
    const operator = request.headers['x-operator'];
    if (operator === undefined) throw new UnauthorizedException();
    if (operator === 'stranger') throw new ForbiddenException();
    request.operator = operator;
    return true;
  }
}

/** The path of the board. */
export const PATH = 'operations/deliveries';

/** The options of a board. */
export const BOARD: DeliveriesBoardOptions = {
  path: PATH,
  guard: OperatorGuard,
  user: ({ operator }: OperatorRequest) => operator,
  readOnly: ({ operator }: OperatorRequest) => operator === 'guest',
};

/** What the host of a board is made of. */
export interface BoardHostOptions extends DeliveriesHostOptions {
  board?: Partial<DeliveriesBoardOptions>;
}

/** Starts an app with deliveries, a sandbox whose clock stands still, and a board. */
export async function startBoard({ board, more, ...options }: BoardHostOptions = {}): Promise<DeliveriesHost> {
  const module = DeliveriesBoardModule.forRoot({ ...BOARD, ...board });
  return DeliveriesHost.start({ ...options, more: { ...more, imports: [module, ...(more?.imports ?? [])] } });
}

/** How the board's page makes a request. */
export interface BoardRequest {
  /** `undefined`: nobody has logged in. */
  readonly operator?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: unknown;
}

/** An answer of the board. */
export interface BoardAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** Makes a request as the page does. */
export async function ask(
  url: string,
  { operator, headers, method = 'GET', body }: BoardRequest = { operator: 'clerk-7' },
): Promise<BoardAnswer> {
  const isAction = method === 'POST';
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(operator !== undefined && { 'x-operator': operator }),
      ...(isAction && { 'content-type': 'application/json', 'x-lalamove-board': '1', 'sec-fetch-site': 'same-origin' }),
      ...headers,
    },
    ...(isAction && { body: typeof body === 'string' ? body : JSON.stringify(body ?? {}) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: recordIn(text) };
}

function recordIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return Object(value) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** An open stream of the board. */
export interface OpenStream {
  readonly status: number;
  readonly type: string | undefined;
  /** What has come so far. */
  readonly text: () => string;
  readonly close: () => void;
}

/** Opens the stream. By `node:http`, because `fetch` keeps a connection open after it was given up. */
export async function openStream(url: string, headers: Record<string, string> = {}): Promise<OpenStream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false, headers: { 'x-operator': 'clerk-7', ...headers } }, resolve).on('error', reject);
  });
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  // The server may end it.
  response.on('error', () => undefined);
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'],
    text: () => text,
    close: () => response.destroy(),
  };
}
