import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Inject, Injectable, Logger, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LalamoveModule, LalamoveService, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { LalamoveTestingModule, type LalamoveTestedAppOptions } from 'nestjs-lalamove/testing';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** A provider of the app that calls Lalamove as soon as it is created. */
@Injectable()
class Eager {
  constructor(@Inject(LalamoveService) lalamove: LalamoveService) {
    lalamove.getCities().catch(() => undefined);
  }
}

describe('LalamoveTestingModule whose sandbox does not start', () => {
  const calls: string[] = [];
  let lalamove: Server;

  beforeEach(async () => {
    calls.length = 0;
    lalamove = createServer(({ url = '' }, response) => {
      calls.push(url);
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(lalamove, 'listening');
  });

  afterEach(() => {
    lalamove.close();
  });

  function appOf(isAsync: boolean): Type {
    const address = lalamove.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const keys = { apiKey: 'pk_prod_of_the_app', apiSecret: 'sk_prod_of_the_app', market: 'HK' };
    const options: LalamoveModuleOptions = { ...keys, baseUrl: `http://127.0.0.1:${port}` };
    @Module({
      imports: [isAsync ? LalamoveModule.forRootAsync({ useFactory: () => options }) : LalamoveModule.forRoot(options)],
      providers: [Eager],
    })
    class AppModule {}
    return AppModule;
  }

  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('never lets the app use its own keys and host (forRootAsync: %s, app first: %s)', async (isAsync, isFirst) => {
    const wrong = { drivers: 'nonsense' } as unknown as LalamoveTestedAppOptions;
    const [app, testing] = [appOf(isAsync), LalamoveTestingModule.forApp(wrong)];
    const module = Test.createTestingModule({ imports: isFirst ? [app, testing] : [testing, app] });
    await expect(module.compile()).rejects.toThrow('not a script for drivers');
    await pause(50);
    expect(calls).toEqual([]);
  });
});

describe('LalamoveTestingModule in production', () => {
  const { NODE_ENV } = process.env;

  afterEach(() => {
    process.env.NODE_ENV = NODE_ENV;
    jest.restoreAllMocks();
  });

  it.each(['production', 'test'])('warns that no order reaches Lalamove: %s', async (environment) => {
    process.env.NODE_ENV = environment;
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const module = await Test.createTestingModule({ imports: [LalamoveTestingModule.forRoot()] }).compile();
    await module.close();
    const lines = warn.mock.calls.filter(([line]) => String(line).includes('no order of this app reaches Lalamove'));
    expect(lines).toHaveLength(environment === 'production' ? 1 : 0);
  });
});
