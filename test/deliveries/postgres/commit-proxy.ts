import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** When a connection is cut: before the server gets `COMMIT`, or after it has committed and before its answer. */
export type CutAt = 'before the commit' | 'after the commit';

/** Which commits are cut: those of transactions with a statement like this, and how many. */
interface Cut {
  readonly at: CutAt;
  readonly of: RegExp;
  left: number;
}

/** How a simple query with `COMMIT` ends in the protocol of PostgreSQL. */
const COMMIT = 'commit\0';
const BEGIN = /(begin|start transaction)[^\0]*\0/;

/** A message `Parse`: the name of a prepared statement and its text. */
const PARSE = /P[^]{4}([^\0]+)\0([^\0]+)\0/g;

/** A proxy to PostgreSQL that cuts connections exactly at a commit. */
export class CommitProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #cut: Cut | undefined;
  /** How many connections were cut. */
  cuts = 0;

  private constructor(private readonly target: URL) {
    this.#server = createServer((client) => {
      this.#join(client, connect(Number(target.port || 5432), target.hostname));
    });
  }

  static async to(url: string): Promise<CommitProxy> {
    const proxy = new CommitProxy(new URL(url));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The URL of the server, through the proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = `${(this.#server.address() as AddressInfo).port}`;
    return url.href;
  }

  /** Cuts the next commits of transactions with a statement like this. */
  cutNext(at: CutAt, of: RegExp, count = 1): void {
    this.cuts = 0;
    this.#cut = { at, of, left: count };
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    const texts = new Map<string, string>();
    let statements = '';
    let isEnding = false;
    const end = (): void => {
      this.cuts += 1;
      client.destroy();
      server.destroy();
    };
    client.on('data', (bytes) => {
      const sent = bytes.toString('latin1');
      for (const [, name = '', text = ''] of sent.matchAll(PARSE)) texts.set(`\0${name}\0`, text);
      // A prepared statement is sent by its name only.
      const text = sent + [...texts].flatMap(([name, known]) => (sent.includes(name) ? [known] : [])).join('\n');
      statements = BEGIN.test(text) ? text : statements + text;
      const at = text.includes(COMMIT) ? this.#take(statements) : undefined;
      isEnding = at === 'after the commit';
      if (at === 'before the commit') end();
      else server.write(bytes);
    });
    // The answer to the commit says that the server has committed.
    server.on('data', (bytes) => {
      if (isEnding) end();
      else client.write(bytes);
    });
    this.#close(client, server);
    this.#close(server, client);
  }

  #close(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }

  /** Whether and when to cut a transaction with these statements. */
  #take(statements: string): CutAt | undefined {
    const cut = this.#cut;
    if (!cut || cut.left === 0 || !cut.of.test(statements)) return undefined;
    cut.left -= 1;
    return cut.at;
  }
}
