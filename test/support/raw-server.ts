import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type ServerOpts, type Socket } from 'node:net';

/** What a raw server does with a request that has come completely. */
export type RawHandler = (socket: Socket, request: string) => void;

/** A server that speaks bytes, for answers that no honest one would give. */
export class RawServer {
  /** Every request that came completely, as text. */
  readonly requests: string[] = [];
  /** How many connections there were. */
  connections = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @param options of `node:net`: with `pauseOnConnect` it reads nothing */
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

  /** How many connections are open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Reads on, and forgets it, where it was started with `pauseOnConnect`: what reads nothing notices no end either. */
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
