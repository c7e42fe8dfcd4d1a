import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { firstValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { LalamoveModule, LalamoveService, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { freePort } from '../../examples/storefront/free-port.js';
import { accountOn } from '../support/account.js';
import { PLATFORMS, request, startHost, type HostApp, type Platform } from '../support/host-app.js';
import { booked } from '../support/inputs.js';
import { apollo, mercurius } from './examples/contexts/graphql.modules.js';
import { listServices } from './examples/contexts/list-services.js';
import { ShipmentGateway } from './examples/contexts/shipment.gateway.js';
import { ShipmentMessages } from './examples/contexts/shipment.messages.js';
import { ShipmentResolver } from './examples/contexts/shipment.resolver.js';
import { TenantCouriers } from './examples/contexts/tenant.js';

const environment = { ...process.env };

let sandbox: LalamoveSandbox;
let app: INestApplication | undefined;

beforeEach(async () => {
  sandbox = await LalamoveSandbox.start();
});

afterEach(async () => {
  await app?.close();
  app = undefined;
  await sandbox.stop();
  process.env = { ...environment };
});

async function started(
  platform: Platform,
  { imports = [], ...metadata }: ModuleMetadata,
  prepare?: (app: INestApplication) => void,
  options: Partial<LalamoveModuleOptions> = {},
): Promise<HostApp> {
  const account = LalamoveModule.forRoot(accountOn(sandbox, options));
  const host = await startHost(platform, { imports: [account, ...imports], ...metadata }, prepare);
  app = host.app;
  return host;
}

/** An order of the host, placed by its own service. */
async function order({ app: host }: HostApp): Promise<string> {
  return (await booked(host.get(LalamoveService))).orderId;
}

describe.each([
  ['Apollo', 'express', apollo],
  ['Mercurius', 'fastify', mercurius],
] as const)('the resolver by %s', (_, platform, driver) => {
  it('answers, and sends the code of an error in its extensions', async () => {
    const host = await started(platform, { imports: [driver], providers: [ShipmentResolver] });
    const orderId = await order(host);
    const send = async (query: string): Promise<Record<string, unknown>> =>
      (await request('POST', `${host.url}/graphql`, { query })).body;
    expect(await send(`{ shipment(orderId: "${orderId}") { orderId status } }`)).toEqual({
      data: { shipment: { orderId, status: 'ASSIGNING_DRIVER' } },
    });
    expect(await send(`{ shipment(orderId: "${orderId}") { driverName } }`)).toMatchObject({
      data: { shipment: { driverName: null } },
      errors: [{ path: ['shipment', 'driverName'], extensions: { code: expect.stringMatching(/DRIVER|FIELD/) } }],
    });
    expect(await send('mutation { cancelShipment(orderId: "1") }')).toMatchObject({
      data: { cancelShipment: null },
      errors: [{ extensions: { code: 'ERR_ORDER_NOT_FOUND', status: 404 } }],
    });
  });
});

describe('the gateway', () => {
  it('answers, and sends an exception event', async () => {
    const host = await started('express', { providers: [ShipmentGateway] }, (made) =>
      made.useWebSocketAdapter(new IoAdapter(made)),
    );
    const orderId = await order(host);
    const socket = io(host.url, { transports: ['websocket'] });
    const answerTo = (event: string, body: string, name: string): Promise<unknown> =>
      new Promise((resolve) => {
        socket.once(name, resolve);
        socket.emit(event, body);
      });
    try {
      expect(await answerTo('track', orderId, 'status')).toBe('ASSIGNING_DRIVER');
      expect(await answerTo('track', '1', 'exception')).toMatchObject({ statusCode: 404, code: 'ERR_ORDER_NOT_FOUND' });
      const own = { code: 'ERR_ORDER_NOT_FOUND', message: 'This order cannot be cancelled.' };
      expect(await answerTo('cancel', '1', 'exception')).toMatchObject(own);
    } finally {
      socket.disconnect();
    }
  });
});

describe('the message handlers', () => {
  it.each(PLATFORMS)(
    'give the caller the exception, or what the own filter makes of it, beside %s',
    async (platform) => {
      const options = { host: '127.0.0.1', port: await freePort() };
      const transport = Transport.TCP;
      const host = await started(platform, { controllers: [ShipmentMessages] }, (made) => {
        made.connectMicroservice({ transport, options }, { inheritAppConfig: true });
      });
      await host.app.startAllMicroservices();
      const orderId = await order(host);
      const client = ClientProxyFactory.create({ transport, options });
      const send = (pattern: string, body: string): Promise<unknown> =>
        firstValueFrom(client.send<unknown>(pattern, body)).catch((error: unknown) => error);
      try {
        expect(await send('shipment.get', orderId)).toMatchObject({ orderId });
        expect(await send('shipment.get', '1')).toMatchObject({ name: 'OrderNotFoundException', statusCode: 404 });
        expect(await send('shipment.cancel', '1')).toEqual({ code: 'ERR_ORDER_NOT_FOUND', retryable: false });
      } finally {
        client.close();
      }
    },
  );
});

describe('an app without a server', () => {
  it('calls Lalamove and ends', async () => {
    const { apiKey, apiSecret, url } = sandbox;
    Object.assign(process.env, {
      LALAMOVE_API_KEY: apiKey,
      LALAMOVE_API_SECRET: apiSecret,
      LALAMOVE_MARKET: 'HK',
      LALAMOVE_BASE_URL: url,
    });
    expect(await listServices()).toContain('HK HKG MOTORCYCLE');
  });
});

describe('a request-scoped provider', () => {
  it('uses the keys of the request', async () => {
    @Controller()
    class TenantController {
      constructor(private readonly couriers: TenantCouriers) {}

      @Get('cities')
      async cities(): Promise<number> {
        return (await this.couriers.lalamove.getCities()).length;
      }
    }

    const apiKey = 'pk_test_tenant';
    await sandbox.stop();
    sandbox = await LalamoveSandbox.start({ accounts: [{ apiKey, apiSecret: 'sk_test_tenant' }] });
    const host = await started('express', { controllers: [TenantController], providers: [TenantCouriers] }, (made) => {
      made.use((incoming: { tenant?: object }, _response: unknown, next: () => void) => {
        incoming.tenant = { apiKey, apiSecret: 'sk_test_tenant', market: 'HK' };
        next();
      });
    });
    expect((await request('GET', `${host.url}/cities`)).status).toBe(200);
    const keys = (await sandbox.control.requests()).map((sent) => JSON.stringify(sent).includes(apiKey));
    expect(keys).toContain(true);
  });
});
