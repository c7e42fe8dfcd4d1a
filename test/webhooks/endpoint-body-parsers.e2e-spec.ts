import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { signWebhook } from 'nestjs-lalamove';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { PLATFORMS } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';
import { until } from '../support/until.js';
import { consuming } from './consuming-middleware.js';
import { Ledger, LineLogger, oneAccount, send, startWebhookHost, STATUS_DATA } from './webhook-host.js';

let app: INestApplication;
let url: string;

/** Starts the host of the test. */
async function start(...given: Parameters<typeof startWebhookHost>): Promise<void> {
  ({ app, url } = await startWebhookHost(...given));
}

afterEach(() => app.close());

describe('the endpoint with a body parser that was added to Express before Nest', () => {
  const event = signWebhook({ secret: KEYS.apiSecret, path: '/hooks', data: STATUS_DATA });

  it.each<[string, (request: object, bytes: Buffer) => void]>([
    ['in rawBody', (request, bytes) => Reflect.set(request, 'rawBody', bytes)],
    ['as the body', (request, bytes) => Reflect.set(request, 'body', bytes)],
    ['as the body, as a text', (request, bytes) => Reflect.set(request, 'body', bytes.toString())],
    ['as the body, parsed', (request, bytes) => Reflect.set(request, 'body', JSON.parse(bytes.toString()))],
  ])('receives a webhook whose body was kept %s', async (_, keep) => {
    await start('express', oneAccount(), { furnish: (adapter) => void adapter.use(consuming(keep)) });
    expect((await send(`${url}/hooks`, event.body)).status).toBe(200);
    const { events } = app.get(Ledger);
    await until(() => events.length > 0);
    expect(events).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['an empty object', {}],
    ['an empty text', ''],
    ['an empty buffer', Buffer.alloc(0)],
  ])('answers with 503 if %s was kept of an event, and with 200 for a probe', async (_, empty) => {
    const logger = new LineLogger();
    const keep = (request: object): boolean => Reflect.set(request, 'body', empty);
    await start('express', oneAccount(), { logger, furnish: (adapter) => void adapter.use(consuming(keep)) });
    expect((await send(`${url}/hooks`, '{}')).status).toBe(200);
    expect((await send(`${url}/hooks`, event.body)).status).toBe(503);
    expect(logger.of('error')).toEqual([expect.stringMatching(/did not keep it/)]);
  });

  it('answers with 503 and logs a remedy if nothing was kept', async () => {
    const logger = new LineLogger();
    await start('express', oneAccount(), { logger, furnish: (adapter) => void adapter.use(consuming()) });
    expect((await send(`${url}/hooks`, '')).status).toBe(200);
    expect((await send(`${url}/hooks`, event.body)).status).toBe(503);
    expect(logger.of('error')).toEqual([
      expect.stringMatching(/did not keep it: add the parser to the Nest app instead/),
    ]);
  });
});

describe.each(PLATFORMS)('the endpoint in a serverless wrapper on %s', (platform) => {
  it('receives a webhook of which only the parsed body is left', async () => {
    await start(platform, oneAccount());
    const path = '/hooks';
    const { body } = signWebhook({ secret: KEYS.apiSecret, path, data: STATUS_DATA });
    const parsed: unknown = JSON.parse(body);
    const inner: Server = app.getHttpServer() as Server;
    // As in a cloud function: the request was read and its body parsed before the app gets it.
    const server = createServer((request, response) => {
      request.resume().once('end', () => {
        Reflect.set(request, 'body', parsed);
        inner.emit('request', request, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    try {
      expect(
        (await send(`http://127.0.0.1:${port}${path}`, body, { headers: { 'content-type': 'application/json' } }))
          .status,
      ).toBe(200);
      await until(() => app.get(Ledger).events.length > 0);
      expect(app.get(Ledger).events).toMatchObject([{ eventType: 'ORDER_STATUS_CHANGED' }]);
    } finally {
      server.close();
    }
  });
});
