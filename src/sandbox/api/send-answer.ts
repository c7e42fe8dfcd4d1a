import type { ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { FaultAnswer } from '../faults/fault-rule.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import { writeRefusal, type RefusalAnswer, type WrittenAnswer } from './refusal.js';
import type { SentAnswer } from './seen-request.js';

/**
 * The body of a successful answer: inside the envelope, with `&`, `<` and `>` escaped and a newline at the end
 * (observed).
 */
export function envelope(data: unknown): string {
  const json = JSON.stringify({ data });
  return `${json.replace(/[&<>]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** The headers that every recorded answer has. */
function usualHeaders({ clock, random }: SandboxWorld): Record<string, string> {
  return {
    date: new Date(clock.now()).toUTCString(),
    'content-type': 'application/json; charset=utf-8',
    'access-control-allow-origin': '*',
    'api-version': '3.0.0',
    'request-id': random.uuid('requests'),
    vary: 'Origin',
    'access-control-expose-headers': 'x-llm-location,cache-control,authorization,content-type',
    'x-kong-upstream-latency': String(5 + random.below('requests', 200)),
    'x-kong-proxy-latency': '0',
    server: 'WAF-Gateway/0.12',
  };
}

/**
 * Sends an answer, or applies a fault to it.
 *
 * @returns the answer that was sent; `undefined` if none was, or only a part of it
 */
export function sendAnswer(
  response: ServerResponse,
  world: SandboxWorld,
  answer: WrittenAnswer | undefined,
  fault: FaultAnswer | undefined,
): SentAnswer | undefined {
  if (fault === 'hang' || (fault === undefined && answer === undefined)) return undefined;
  if (fault === 'reset') {
    reset(response);
    return undefined;
  }
  if (fault === 'truncate') {
    truncate(response, world, answer ?? { status: 200, body: envelope({ truncated: 'before its work' }) });
    return undefined;
  }
  const sent = fault === undefined ? answer : faultAnswer(fault);
  if (!sent) return undefined;
  const { status, body } = sent;
  const headers = headersOf(sent, world);
  response.writeHead(status, headers);
  response.end(body);
  return { status, headers, body };
}

function faultAnswer(fault: RefusalAnswer | WrittenAnswer): WrittenAnswer {
  return 'code' in fault ? writeRefusal(fault) : fault;
}

/** Cuts the connection with a TCP reset. TLS cannot send a reset, so the socket is destroyed. */
function reset({ req: { socket } }: ServerResponse): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

/** Announces the whole answer and cuts the connection in its middle. Without a body it is cut before the headers. */
function truncate(response: ServerResponse, world: SandboxWorld, answer: WrittenAnswer): void {
  if (answer.body === '') {
    reset(response);
    return;
  }
  response.writeHead(answer.status, headersOf(answer, world));
  const bytes = Buffer.from(answer.body);
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => {
    response.socket?.destroy();
  });
}

function headersOf({ status, headers, body }: WrittenAnswer, world: SandboxWorld): Record<string, string> {
  // A recorded 204 has no such header.
  const usual = usualHeaders(world);
  if (status !== 204) usual['content-length'] = String(Buffer.byteLength(body));
  const own = new Set(Object.keys(headers ?? {}).map((name) => name.toLowerCase()));
  const others = Object.entries(usual).filter(([name]) => !own.has(name));
  return { ...Object.fromEntries(others), ...headers };
}
