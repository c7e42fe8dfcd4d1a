import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, UseFilters, type INestApplication, type ModuleMetadata, type Type } from '@nestjs/common';
import { ClientProxyFactory, MessagePattern, Transport, type TcpClientOptions } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { firstValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { createLalamoveException, LalamoveExceptionFilter, LalamoveModule } from 'nestjs-lalamove';
import { freePort } from '../../examples/storefront/free-port.js';
import { startHost } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';

const fail = (): never => {
  throw createLalamoveException('LALAMOVE_UNAUTHORIZED', { requestId: 'r-1' });
};

/** Where Nest does not apply an app-wide filter. */
@WebSocketGateway()
class PlainGateway {
  @SubscribeMessage('track')
  track(): never {
    return fail();
  }
}

@UseFilters(LalamoveExceptionFilter)
@WebSocketGateway()
class FilteredGateway {
  @SubscribeMessage('track')
  track(): never {
    return fail();
  }
}

@Controller()
class QueueController {
  @MessagePattern('track')
  track(): never {
    return fail();
  }
}

@UseFilters(LalamoveExceptionFilter)
@Controller()
class FilteredQueueController {
  @MessagePattern('track')
  track(): never {
    return fail();
  }
}

const UNKNOWN = { status: 'error', message: 'Internal server error' };

describe('a gateway or a hybrid app', () => {
  let app: INestApplication | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function start(metadata: ModuleMetadata, prepare: (app: INestApplication) => void): Promise<string> {
    const imports = [LalamoveModule.forRoot({ ...KEYS, errors: { status: 'gateway' } })];
    const host = await startHost('express', { ...metadata, imports }, prepare);
    app = host.app;
    return host.url;
  }

  describe.each([
    ['Socket.IO', IoAdapter, throughSocketIo],
    ['ws', WsAdapter, throughWs],
  ] as const)('on %s', (_, Adapter, exceptionOf) => {
    const caught = async (gateway: Type<unknown>): Promise<unknown> => {
      const url = await start({ providers: [gateway] }, (made) => made.useWebSocketAdapter(new Adapter(made)));
      return exceptionOf(url);
    };

    it('sends the HTTP body by the status policy with @UseFilters(LalamoveExceptionFilter)', async () => {
      expect(await caught(FilteredGateway)).toEqual({
        status: 'error',
        statusCode: 503,
        error: 'Service Unavailable',
        code: 'LALAMOVE_UNAVAILABLE',
        message: 'The delivery service is not available at the moment. Please try again later.',
        errors: [],
        requestId: 'r-1',
      });
    });

    it('sends no details without it, as documented', async () => {
      expect(await caught(PlainGateway)).toMatchObject(UNKNOWN);
    });
  });

  describe('of microservices', () => {
    const failureOf = async (controller: Type<unknown>, inheritAppConfig: boolean): Promise<unknown> => {
      const options: TcpClientOptions['options'] = { host: '127.0.0.1', port: await freePort() };
      const transport = Transport.TCP;
      await start({ controllers: [controller] }, (made) => {
        made.connectMicroservice({ transport, options }, { inheritAppConfig });
      });
      await app?.startAllMicroservices();
      const client = ClientProxyFactory.create({ transport, options });
      try {
        return await firstValueFrom(client.send('track', {})).catch((error: unknown) => error);
      } finally {
        client.close();
      }
    };
    const expected = { name: 'LalamoveAuthenticationException', code: 'LALAMOVE_UNAUTHORIZED', requestId: 'r-1' };

    it('returns the exception with inheritAppConfig', async () => {
      expect(await failureOf(QueueController, true)).toMatchObject(expected);
    });

    it('returns the exception with @UseFilters(LalamoveExceptionFilter)', async () => {
      expect(await failureOf(FilteredQueueController, false)).toMatchObject(expected);
    });

    it('returns no details without either, as documented', async () => {
      expect(await failureOf(QueueController, false)).toMatchObject(UNKNOWN);
    });
  });
});

function throughSocketIo(url: string): Promise<unknown> {
  const socket = io(url, { transports: ['websocket'] });
  socket.emit('track', {});
  return new Promise((resolve) => {
    socket.on('exception', (data: unknown) => {
      socket.close();
      resolve(data);
    });
  });
}

function throughWs(url: string): Promise<unknown> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  socket.on('open', () => {
    socket.send(JSON.stringify({ event: 'track', data: {} }));
  });
  return new Promise((resolve) => {
    socket.on('message', (bytes: Buffer) => {
      socket.close();
      const message: unknown = JSON.parse(bytes.toString());
      resolve(Reflect.get(Object(message) as object, 'data'));
    });
  });
}
