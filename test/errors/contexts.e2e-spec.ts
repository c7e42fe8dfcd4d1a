import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, type ArgumentsHost, type INestMicroservice } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { ClientProxyFactory, MessagePattern, Transport, type ClientProxy } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { firstValueFrom } from 'rxjs';
import { createLalamoveException, LalamoveExceptionFilter, LalamoveModule } from 'nestjs-lalamove';
import { freePort } from '../../examples/storefront/free-port.js';
import { failureOf, KEYS } from '../support/lalamove.js';

@Controller()
class QueueController {
  @MessagePattern('track')
  track(): never {
    throw createLalamoveException('ERR_ORDER_NOT_FOUND', { requestId: 'r-1' });
  }
}

describe('LalamoveExceptionFilter outside HTTP', () => {
  let service: INestMicroservice;
  let client: ClientProxy;

  beforeAll(async () => {
    const port = await freePort();
    const module = await Test.createTestingModule({
      imports: [LalamoveModule.forRoot({ ...KEYS, errors: { status: 'gateway' } })],
      controllers: [QueueController],
    }).compile();
    const options = { host: '127.0.0.1', port };
    service = module.createNestMicroservice({ transport: Transport.TCP, options });
    service.useLogger(false);
    await service.listen();
    client = ClientProxyFactory.create({ transport: Transport.TCP, options });
  });

  afterAll(async () => {
    client.close();
    await service.close();
  });

  it('returns the exception to the caller of a microservice', async () => {
    const failure: unknown = await firstValueFrom(client.send('track', {})).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'OrderNotFoundException',
      code: 'ERR_ORDER_NOT_FOUND',
      statusCode: 404,
      requestId: 'r-1',
    });
  });

  it('sends an exception event to WebSocket clients, of Socket.IO and native', () => {
    const emitted: unknown[] = [];
    const socketIo = { emit: (...event: unknown[]) => emitted.push(event) };
    const native = { readyState: 1, send: (text: string) => emitted.push(JSON.parse(text)), emit: () => false };
    for (const socket of [socketIo, native]) expect(caught('ws', [socket, {}])).toBeUndefined();
    const data = {
      status: 'error',
      statusCode: 404,
      error: 'Not Found',
      code: 'ERR_ORDER_NOT_FOUND',
      message: expect.any(String),
      errors: [],
    };
    expect(emitted).toEqual([['exception', data], { event: 'exception', data }]);
    expect(() => caught('ws', [null])).not.toThrow();
  });

  it('handles a raw axios error by the policy of its account', () => {
    const raw = {
      isAxiosError: true,
      config: { url: 'https://rest.lalamove.com/v3/cities' },
      response: { status: 401 },
    };
    expect(() => caught('graphql', [], raw)).toThrow(
      expect.objectContaining({ extensions: { code: 'LALAMOVE_UNAVAILABLE', status: 503, errors: [] } }),
    );
    expect(() => caught('necord', [], raw)).toThrow(
      expect.objectContaining({ name: 'LalamoveAuthenticationException', status: 503 }),
    );
  });

  it.each(['necord', 'lalamove'])('throws the exception again in a %s context', async (type) => {
    const exception = createLalamoveException('ERR_ORDER_NOT_FOUND');
    const failure = failureOf(Promise.resolve().then(() => caught(type, [], exception)));
    expect(await failure).toBe(exception);
  });

  function caught(
    type: string,
    args: unknown[],
    exception: unknown = createLalamoveException('ERR_ORDER_NOT_FOUND'),
  ): unknown {
    const host: ArgumentsHost & { setType(type: string): void } = new ExecutionContextHost(args);
    host.setType(type);
    return service.get(LalamoveExceptionFilter).catch(exception, host);
  }
});
