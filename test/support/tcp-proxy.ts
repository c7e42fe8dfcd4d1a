import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A proxy to a server that can be interrupted, as if the network or the server had failed. */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #isPaused = false;
  #port = 0;

  private constructor(private readonly target: URL) {}

  /** A proxy that listens. */
  static async to(target: URL): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.up();
    return proxy;
  }

  /** The URL of the target, through the proxy. */
  get url(): URL {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = `${this.#port}`;
    return url;
  }

  /** The number of open connections of clients. */
  get open(): number {
    return this.#sockets.size / 2;
  }

  /** Listens, on the same port each time. */
  async up(): Promise<void> {
    this.#server = createServer((client) => {
      this.#join(client, connect(Number(this.target.port || 6379), this.target.hostname));
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections, and refuses new ones. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (!server) return;
    server.close();
    await once(server, 'close');
  }

  /** Accepts connections, but forwards nothing. */
  pause(): void {
    this.#isPaused = true;
    for (const socket of this.#sockets) socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const socket of this.#sockets) socket.resume();
  }

  #join(client: Socket, server: Socket): void {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#isPaused) from.pause();
    }
  }
}
