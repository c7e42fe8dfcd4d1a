import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type ServerOpts, type Socket } from 'node:net';

/** Handles a complete request. */
export type RawHandler = (socket: Socket, request: string) => void;

/** A server that sends raw bytes, for answers that an HTTP server cannot send. */
export class RawServer {
  /** All complete requests, as text. */
  readonly requests: string[] = [];
  /** The number of connections so far. */
  connections = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @param options options of `node:net`; with `pauseOnConnect` the server reads nothing */
  static async start(handle: RawHandler, options: ServerOpts = {}): Promise<RawServer> {
    const server = createServer(options);
    const raw = new RawServer(server);
    server.on('connection', (socket) => {
      raw.connections += 1;
      raw.#sockets.add(socket);
      socket.on('close', () => raw.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk.toString('utf8');
        const [head, body = ''] = received.split('\r\n\r\n', 2);
        const length = Number(/content-length: (\d+)/i.exec(head ?? '')?.[1] ?? 0);
        if (!received.includes('\r\n\r\n') || Buffer.byteLength(body) < length) return;
        raw.requests.push(received);
        received = '';
        handle(socket, raw.requests.at(-1) ?? '');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return raw;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The number of open connections. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Reads and discards the data of a server with `pauseOnConnect`, which otherwise does not notice the end. */
  discard(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').resume();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** An HTTP answer as bytes. */
export function http(status: number, body: string | Buffer, headers: Record<string, string> = {}): Buffer {
  const bytes = Buffer.from(body);
  const all = { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${head.join('')}\r\n`), bytes]);
}
