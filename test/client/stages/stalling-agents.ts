import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket, type LookupFunction } from 'node:net';

/** What an agent's `createConnection` gives. */
type Connection = ReturnType<HttpAgent['createConnection']>;

/** A socket whose connection is never made: what the system does where nobody answers a SYN. */
class UnconnectedSocket extends Socket {
  override readonly connecting = true;
}

/** An agent whose first connections wait for their address. */
export class NamelessAgent extends HttpAgent {
  /** How many addresses were asked for. */
  lookups = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param stalls how many get none */
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

  /** Tells those that wait. */
  answer(): void {
    for (const answer of this.#waiting) answer();
  }
}

/** An agent whose first connections are never made. */
export class UnconnectingAgent extends HttpAgent {
  /** How many connections were asked for. */
  connections = 0;
  readonly #stalls: number;

  /** @param stalls how many are never made */
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

/** An agent whose first connections are made, but to a port where nobody speaks TLS. */
export class MisledAgent extends HttpsAgent {
  readonly #mutePort: string;
  #left: number;

  /** @param stalls how many are led there */
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
