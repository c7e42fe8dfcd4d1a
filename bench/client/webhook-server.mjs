// A separate process that receives webhooks: a Nest app with a handler on Express or Fastify, or a bare server with the
// necessary minimum. On request it reports its URL, its CPU time and how many events were handled.
//   node bench/client/webhook-server.mjs express|fastify|node:http
import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { answering } from './processes.mjs';
import { CREDENTIALS, WEBHOOK_PATH } from './samples.mjs';

let handled = 0;

/** HMAC over the re-serialised `data`, and an answer. */
async function listenBare() {
  const receive = (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { timestamp, signature, data } = JSON.parse(Buffer.concat(chunks).toString());
      const right = createHmac('sha256', CREDENTIALS.apiSecret)
        .update(`${timestamp}\r\nPOST\r\n${WEBHOOK_PATH}\r\n\r\n${JSON.stringify(data)}`)
        .digest('hex');
      const isSigned = timingSafeEqual(Buffer.from(right), Buffer.from(signature));
      response.writeHead(isSigned ? 200 : 401, { 'content-type': 'application/json', 'content-length': 17 });
      response.end('{"received":true}');
      if (isSigned) handled += 1;
    });
  };
  const server = createServer(receive).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

async function listenNest(platform) {
  await import('reflect-metadata');
  const { NestFactory } = await import('@nestjs/core');
  const { LalamoveModule, OnLalamoveEvent } = await import('../../dist/esm/index.js');
  class Tracking {
    onEvent() {
      handled += 1;
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Tracking.prototype, 'onEvent');
  OnLalamoveEvent('*')(Tracking.prototype, 'onEvent', descriptor);
  const account = LalamoveModule.forRoot({ ...CREDENTIALS, webhook: { path: WEBHOOK_PATH } });
  const root = { module: class Root {}, imports: [account], providers: [Tracking] };
  const options = { logger: ['error', 'warn'] };
  const app =
    platform === 'fastify'
      ? await NestFactory.create(
          root,
          new (await import('@nestjs/platform-fastify')).FastifyAdapter({ keepAliveTimeout: 0 }),
          options,
        )
      : await NestFactory.create(root, options);
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}

const [platform] = process.argv.slice(2);
const port = await (platform === 'node:http' ? listenBare() : listenNest(platform));

answering(() => {
  const { user, system } = process.cpuUsage();
  return { port, handled, microseconds: user + system };
});
