import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ValidationPipe } from '@nestjs/common';
import * as openapi from 'nestjs-lalamove/openapi';
import { DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveModule, type Quotation } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { QUOTATION } from '../support/inputs.js';
import { PLATFORMS, request, startHost, type HostApp } from '../support/host-app.js';
import { DeliveriesController } from './examples/openapi/deliveries.controller.js';
import { serveDocument } from './examples/openapi/main.js';
import { OrdersController } from './examples/openapi/orders.controller.js';
import { read } from './fences.js';
import { documentOf } from '../openapi/document.js';

describe('docs/guides/openapi.md', () => {
  it('names everything that the entry point exports, and no schema that it does not', () => {
    const page = read('docs/guides/openapi.md');
    const named = new Set([...page.matchAll(/`@?(\w+Schema)(?:\(\))?`/g)].map(([, name]) => name));
    const exported = Object.keys(openapi).filter((name) => name.endsWith('Schema'));
    expect([...named].sort()).toEqual(exported.sort());
    for (const name of Object.keys(openapi)) expect(page).toContain(name);
  });

  it('has a controller of deliveries whose routes are documented', async () => {
    const { paths } = await documentOf([DeliveriesController], [{ provide: DeliveriesService, useValue: {} }]);
    const { responses = {} } = paths['/deliveries']?.post ?? {};
    expect(Object.keys(responses)).toEqual(['201', '409', '422', '503', 'default']);
    expect(responses['409']).toHaveProperty(['content', 'application/problem+json']);
    expect(Object.keys(paths['/deliveries/{reference}/resolve']?.post?.responses ?? {})).toContain('502');
  });
});

describe.each(PLATFORMS)('the app of the guide on %s', (platform) => {
  let sandbox: LalamoveSandbox;
  let host: HostApp;

  beforeAll(async () => {
    sandbox = await LalamoveSandbox.start();
    const imports = [LalamoveModule.forRoot(accountOn(sandbox))];
    host = await startHost(platform, { imports, controllers: [OrdersController] }, (app) => {
      app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
      serveDocument(app);
    });
  });

  afterAll(async () => {
    await host.app.close();
    await sandbox.stop();
  });

  it('serves the document, and its example of a quotation is accepted', async () => {
    const { body } = await request('GET', `${host.url}/docs-json`);
    expect(body).toHaveProperty(['paths', '/orders', 'post', 'responses', '422', 'content', 'application/json']);
    expect(body).toHaveProperty(['components', 'schemas', 'PlaceOrderDto', 'properties', 'recipients', 'minItems'], 1);
    expect(body).toHaveProperty(['components', 'schemas', 'Order', 'properties', 'shareLink']);
    const quoted = await request('POST', `${host.url}/quotations`, QUOTATION);
    expect(quoted.status).toBe(201);
    expect((quoted.body as unknown as Quotation).quotationId).toMatch(/^\d+$/);
  });
});
