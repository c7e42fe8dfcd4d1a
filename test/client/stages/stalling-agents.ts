import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket, type LookupFunction } from 'node:net';

/** What the `createConnection` of an agent returns. */
type Connection = ReturnType<HttpAgent['createConnection']>;

/** A socket that never connects, as if the SYN got no answer. */
class UnconnectedSocket extends Socket {
  override readonly connecting = true;
}

/** An agent that leaves its first DNS lookups open. */
export class NamelessAgent extends HttpAgent {
  /** How many addresses were looked up. */
  lookups = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param stalls how many lookups stay open */
  constructor(stalls: number) {
    const lookup: LookupFunction = (_, __, callback) => {
      this.lookups += 1;
      const answer = (): void => {
        callback(null, '127.0.0.1', 4);
      };
      if (this.lookups > stalls) answer();
      else this.#waiting.push(answer);
    };
    super({ lookup, autoSelectFamily: false });
  }

  /** Answers the open lookups. */
  answer(): void {
    for (const answer of this.#waiting) answer();
  }
}

/** An agent that never completes its first connections. */
export class UnconnectingAgent extends HttpAgent {
  /** How many connections were requested. */
  connections = 0;
  readonly #stalls: number;

  /** @param stalls how many never complete */
  constructor(stalls: number) {
    super();
    this.#stalls = stalls;
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: Parameters<HttpAgent['createConnection']>[1],
  ): Connection {
    this.connections += 1;
    return this.connections > this.#stalls ? super.createConnection(options, callback) : new UnconnectedSocket();
  }
}

/** An agent that makes its first connections to a port without TLS. */
export class MisledAgent extends HttpsAgent {
  readonly #mutePort: string;
  #left: number;

  /** @param stalls how many connect to that port */
  constructor(stalls: number, mutePort: string, ca: Buffer) {
    super({ ca });
    this.#left = stalls;
    this.#mutePort = mutePort;
  }

  override createConnection(
    options: Parameters<HttpsAgent['createConnection']>[0],
    callback?: Parameters<HttpsAgent['createConnection']>[1],
  ): Connection {
    this.#left -= 1;
    return super.createConnection(this.#left < 0 ? options : { ...options, port: this.#mutePort }, callback);
  }
}
