import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { MutatedAnswer } from './mutated-answers.js';
import { NO_ANSWER, type WireReading } from './wire-reading.js';

/** A request as the server received it. */
export interface SeenRequest {
  method: string;
  path: string;
  /** `Request-ID`. */
  id: string;
  signature: string;
}

/** One attempt of a call, and its answer. */
export interface Sending extends SeenRequest {
  answer: MutatedAnswer;
  /** The expected reading of the bytes that were written. */
  reading: WireReading;
  /** Whether everything was written long enough ago for the client to have read it. */
  settled: boolean;
}

/** Chooses an answer; `undefined` for a request of an unknown call or of one that has ended. */
type AnswerTo = (request: SeenRequest, attempt: number) => MutatedAnswer | undefined;

/**
 * A server that writes mutated answers, byte by byte as they were generated, and tracks the state of each of its
 * connections.
 */
export class MutatedServer {
  /** Requests of unknown calls, or of calls that have ended. */
  readonly strays: SeenRequest[] = [];
  /** The number of connections. */
  connections = 0;
  readonly #sendings = new Map<string, Sending[]>();
  /** The connections, and whether the client may leave each open. */
  readonly #sockets = new Map<Socket, 'idle' | 'busy'>();
  readonly #server: Server;
  readonly #answerTo: AnswerTo;

  private constructor(server: Server, answerTo: AnswerTo) {
    this.#server = server;
    this.#answerTo = answerTo;
  }

  static async start(answerTo: AnswerTo): Promise<MutatedServer> {
    // Without delay: a piece that waits for others would be late.
    const server = createServer({ noDelay: true });
    const mutated = new MutatedServer(server, answerTo);
    server.on('connection', (socket) => {
      mutated.#listen(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return mutated;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new TypeError('The server does not listen.');
    return `http://127.0.0.1:${address.port}`;
  }

  /** The number of open connections. */
  get open(): number {
    return this.#sockets.size;
  }

  /** The number of open connections that the client should have closed. */
  get lingering(): number {
    return [...this.#sockets.values()].filter((state) => state !== 'idle').length;
  }

  /** Returns and forgets the attempts of a call. */
  take(id: string): Sending[] {
    const sendings = this.#sendings.get(id) ?? [];
    this.#sendings.delete(id);
    return sendings;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.keys()) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #listen(socket: Socket): void {
    this.connections += 1;
    this.#sockets.set(socket, 'idle');
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (end < 0 || received.length < end + 4 + length) return;
      const request = requestOf(received);
      received = '';
      void this.#answer(socket, request);
    });
  }

  async #answer(socket: Socket, request: SeenRequest): Promise<void> {
    const before = this.#sendings.get(request.id) ?? [];
    const answer = this.#answerTo(request, before.length + 1);
    this.#sockets.set(socket, 'busy');
    if (answer === undefined) {
      this.strays.push(request);
      socket.destroy();
      return;
    }
    // A request can arrive on a connection that is being closed: then nothing is written for it.
    const reading = socket.writable ? answer.reading : NO_ANSWER;
    const sending: Sending = { ...request, answer, reading, settled: false };
    this.#sendings.set(request.id, [...before, sending]);
    // Marked before the last byte: the client may send another request immediately after it.
    const { silence, hasty } = answer;
    const follows = reading.reusable && reading.end === answer.bytes.length;
    for (const [index, piece] of answer.pieces.entries()) {
      if (index > 0) await turn();
      if (socket.destroyed || socket.writableEnded) return;
      const last = index === answer.pieces.length - 1;
      if (last && follows) this.#sockets.set(socket, 'idle');
      if (last) await written(socket, piece);
      else socket.write(piece);
    }
    if (reading.complete ? !follows : silence === 'close') socket.end();
    if (!reading.complete && silence === 'reset' && hasty) socket.resetAndDestroy();
    // One turn of the event loop to finish this turn, one for the client to read, and one in reserve.
    for (let turns = 0; turns < 3; turns += 1) await turn();
    sending.settled = true;
    if (!reading.complete && silence === 'reset' && !socket.destroyed) socket.resetAndDestroy();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const written = (socket: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    socket.write(bytes, () => {
      resolve();
    });
  });

function requestOf(text: string): SeenRequest {
  const [, method = '', path = ''] = /^(\S+) (\S+)/.exec(text) ?? [];
  const id = /^request-id: (.*)\r$/im.exec(text)?.[1] ?? '';
  const signature = /^authorization: hmac [^:]+:\d+:([0-9a-f]+)\r$/im.exec(text)?.[1] ?? '';
  return { method, path, id, signature };
}
