import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';

/** Forwards each connection to one of the living hosts, as a load balancer does. */
export class LoadBalancer {
  #next = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly ports: () => readonly number[],
  ) {}

  /** @param ports the ports of the living hosts */
  static async start(ports: () => readonly number[]): Promise<LoadBalancer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new TypeError('The server has no port.');
    const balancer = new LoadBalancer(server, address.port, ports);
    server.on('connection', (inward) => {
      const port = balancer.#pick();
      inward.on('error', () => undefined);
      if (port === undefined) {
        inward.destroy();
        return;
      }
      const outward = connect(port, '127.0.0.1');
      outward.on('error', () => inward.destroy());
      outward.on('close', () => inward.destroy());
      inward.on('close', () => outward.destroy());
      inward.pipe(outward).pipe(inward);
    });
    return balancer;
  }

  stop(): void {
    this.server.close();
  }

  #pick(): number | undefined {
    const ports = this.ports();
    this.#next += 1;
    return ports[this.#next % Math.max(1, ports.length)];
  }
}
