import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { compile } from '../chaos/compile.mjs';
import { PLATFORMS } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';

const CONNECTIONS = 4;
const CHUNKS = 150_000;
const BLOCK = 10_000;

/** Without bounds each of these chunks would take more than 200 bytes: more than 120 MB in total. */
const MAX_GROWTH_MB = 70;

/** The measured app, in a process of its own. It reports its port, and on request its maximum memory. */
const HOST = `
  import 'reflect-metadata';
  const { NestFactory } = await import('@nestjs/core');
  const { LalamoveModule } = await import(process.env.HOST_MODULE);
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const adapter = process.env.HOST_PLATFORM === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const lalamove = LalamoveModule.forRoot({ ...JSON.parse(process.env.HOST_KEYS), webhook: { path: 'hooks' } });
  const app = await NestFactory.create(lalamove, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  process.on('message', () => process.send(process.resourceUsage().maxRSS / 1024));
  process.send(app.getHttpServer().address().port);
`;

describe.each(PLATFORMS)('the memory of an app with an endpoint on %s', (platform) => {
  let child: ChildProcess | undefined;

  afterEach(() => {
    child?.kill('SIGKILL');
  });

  const reported = async (): Promise<number> => {
    if (!child) throw new Error('There is no app.');
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error('The app has ended.');
      }),
    ])) as unknown[];
    return Number(message);
  };

  /** @returns the first line of the answer */
  async function sendByByte(port: number): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => (answer += String(bytes)));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('POST /hooks HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n');
    const block = '1\r\nx\r\n'.repeat(BLOCK);
    for (let sent = 0; sent < CHUNKS; sent += BLOCK) {
      if (!socket.write(block)) await Promise.race([once(socket, 'drain'), closed]);
    }
    socket.write('0\r\n\r\n');
    await closed;
    return answer.split('\r\n', 1)[0] ?? '';
  }

  it('grows little with bodies in chunks of one byte', async () => {
    const env = {
      ...process.env,
      NODE_OPTIONS: '',
      HOST_MODULE: `${await compile()}/src/index.js`,
      HOST_PLATFORM: platform,
      HOST_KEYS: JSON.stringify(KEYS),
    };
    child = spawn(process.execPath, ['--input-type=module', '-e', HOST], {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const port = await reported();
    child.send('memory');
    const before = await reported();
    const answers = await Promise.all(Array.from({ length: CONNECTIONS }, () => sendByByte(port)));
    expect(answers).toEqual(answers.map(() => 'HTTP/1.1 400 Bad Request'));
    child.send('memory');
    expect((await reported()) - before).toBeLessThan(MAX_GROWTH_MB);
    // A busy machine needs this time for so many chunks.
  }, 60_000);
});
