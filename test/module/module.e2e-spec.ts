import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import { Inject, Injectable, Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { of } from 'rxjs';
import {
  createLalamoveException,
  getLalamoveHttpToken,
  getLalamoveToken,
  InjectLalamove,
  LalamoveHttpService,
  LalamoveModule,
  LalamoveOptionsException,
  LalamoveService,
  OrderNotFoundException,
  type LalamoveAccountOptions,
  type LalamoveModuleAsyncOptions,
  type LalamoveOptionsFactory,
} from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { StorefrontController } from '../../examples/storefront/storefront.controller.js';
import { accountOn } from '../support/account.js';
import { request, startHost } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';

@Injectable()
class OptionsFactory implements LalamoveOptionsFactory {
  createLalamoveOptions(): Promise<LalamoveAccountOptions> {
    return Promise.resolve(KEYS);
  }
}

const SETTINGS = Symbol('settings');

@Module({ providers: [OptionsFactory, { provide: SETTINGS, useValue: KEYS }], exports: [OptionsFactory, SETTINGS] })
class SettingsModule {}

@Injectable()
class Shop {
  constructor(readonly lalamove: LalamoveService) {}
}

@Module({ providers: [Shop], exports: [Shop] })
class FeatureModule {}

describe('LalamoveModule', () => {
  let module: TestingModule | undefined;

  afterEach(async () => {
    await module?.close();
    module = undefined;
  });

  async function compile(metadata: ModuleMetadata): Promise<TestingModule> {
    module = await Test.createTestingModule(metadata).compile();
    return module;
  }

  it.each<[string, LalamoveModuleAsyncOptions]>([
    ['useFactory', { useFactory: () => KEYS }],
    [
      'useFactory with injections',
      { imports: [SettingsModule], inject: [SETTINGS], useFactory: (keys: typeof KEYS) => Promise.resolve(keys) },
    ],
    ['useClass', { useClass: OptionsFactory }],
    ['useExisting', { imports: [SettingsModule], useExisting: OptionsFactory }],
  ])('gets its options from %s', async (_, options) => {
    const compiled = await compile({ imports: [LalamoveModule.forRootAsync(options), FeatureModule] });
    expect(compiled.get(Shop, { strict: false }).lalamove).toBeInstanceOf(LalamoveService);
  });

  it('reports which forms there are if none was given', () => {
    expect(() => LalamoveModule.forRootAsync({ name: 'thai' } as LalamoveModuleAsyncOptions)).toThrow(
      /account "thai"[^]*give it one of useFactory, useClass or useExisting/,
    );
  });

  it.each<[string, () => DynamicModule]>([
    ['forRoot', () => LalamoveModule.forRoot({ ...KEYS, name: 'thai', apiKey: '', market: 'THA' })],
    [
      'forRootAsync',
      () => LalamoveModule.forRootAsync({ name: 'thai', useFactory: () => ({ ...KEYS, apiKey: '', market: 'THA' }) }),
    ],
  ])('fails at boot if the options of %s are wrong, and lists all problems', async (_, register) => {
    const failure: unknown = await compile({ imports: [register()] }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LalamoveOptionsException);
    expect((failure as LalamoveOptionsException).problems).toHaveLength(2);
    expect(String(failure)).toMatch(/account "thai"[^]*- apiKey must be [^]*- market must be/);
  });

  it('fails at boot if a factory returns nothing', async () => {
    const imports = [LalamoveModule.forRootAsync({ useFactory: () => undefined as never })];
    await expect(compile({ imports })).rejects.toThrow(/The options are missing/);
  });

  it.each([[undefined], ['thai']])('fails at boot if two accounts have the name %s', async (name) => {
    const imports = [LalamoveModule.forRoot({ ...KEYS, name }), LalamoveModule.forRoot({ ...KEYS, name })];
    await expect(compile({ imports })).rejects.toThrow(/There are two registrations/);
  });

  it('keeps several accounts apart', async () => {
    @Injectable()
    class Chain {
      constructor(
        readonly standard: LalamoveService,
        @InjectLalamove() readonly same: LalamoveService,
        @InjectLalamove('thai') readonly thai: LalamoveService,
      ) {}
    }
    const imports = [LalamoveModule.forRoot(KEYS), LalamoveModule.forRoot({ ...KEYS, name: 'thai', market: 'TH' })];
    const chain = (await compile({ imports, providers: [Chain] })).get(Chain);
    expect(chain.same).toBe(chain.standard);
    expect(chain.thai).not.toBe(chain.standard);
    expect(module?.get(getLalamoveToken('thai'))).toBe(chain.thai);
  });

  it.each(['http', 'options', 'service', 'default', ':', 'http:'])(
    'has tokens for an account called %j that differ from its own',
    async (name) => {
      const compiled = await compile({
        imports: [LalamoveModule.forRoot({ ...KEYS, name }), LalamoveModule.forRoot(KEYS)],
      });
      expect(compiled.get(getLalamoveToken(name))).toBeInstanceOf(LalamoveService);
      expect(compiled.get(getLalamoveHttpToken(name))).toBeInstanceOf(LalamoveHttpService);
      expect(compiled.get(getLalamoveToken())).not.toBe(compiled.get(getLalamoveToken(name)));
    },
  );

  it('reads request-scoped options for each request', async () => {
    const sandbox = await LalamoveSandbox.start();
    const register = LalamoveModule.forRootAsync({ inject: [REQUEST], useFactory: () => accountOn(sandbox) });
    const { app, url } = await startHost('express', { imports: [register], controllers: [StorefrontController] });
    const http = new Set<unknown>();
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await request('GET', `${url}/cities`)).status).toBe(200);
      http.add(await app.resolve(getLalamoveHttpToken()));
    }
    expect(http.size).toBe(1);
    await app.close();
    await sandbox.stop();
  });

  it('gives each app its own connections, even if two apps share a registration', async () => {
    const imports = [LalamoveModule.forRoot(KEYS)];
    const [one, two] = [await compile({ imports }), await compile({ imports })];
    expect(one.get(getLalamoveHttpToken())).not.toBe(two.get(getLalamoveHttpToken()));
    await one.close();
  });

  it.each([
    ['no options', undefined, /got no options/],
    ['a form that is undefined', { useFactory: undefined }, /got no options/],
    ['two forms', { useFactory: () => KEYS, useClass: OptionsFactory }, /got useFactory and useClass: give it one of/],
    ['a form that is no function', { useFactory: 5 }, /got no options/],
    ['an empty name', { name: '', useFactory: () => KEYS }, /name must be a non-empty string/],
    ['a name that is no text', { name: 5, useFactory: () => KEYS }, /name must be a non-empty string/],
    ['a wrong isGlobal', { isGlobal: 'no', useFactory: () => KEYS }, /isGlobal must be true or false/],
  ])('refuses an async registration with %s', (_, options, problem) => {
    expect(() => LalamoveModule.forRootAsync(options as LalamoveModuleAsyncOptions)).toThrow(problem);
  });

  it('refuses a name in the result of a factory, because it comes too late', async () => {
    const imports = [LalamoveModule.forRootAsync({ useFactory: () => ({ ...KEYS, name: 'late' }) })];
    await expect(compile({ imports })).rejects.toThrow(/name is not an option/);
  });

  it('is visible only in importing modules if it is not global', async () => {
    const imports = [LalamoveModule.forRoot({ ...KEYS, isGlobal: false }), FeatureModule];
    await expect(compile({ imports })).rejects.toThrow(/can't resolve dependencies of the Shop/);
    @Module({ imports: [LalamoveModule.forRoot({ ...KEYS, isGlobal: false })], providers: [Shop] })
    class OwnModule {}
    expect((await compile({ imports: [OwnModule] })).get(Shop, { strict: false }).lalamove).toBeInstanceOf(
      LalamoveService,
    );
  });

  it('sends calls with an HttpService that a test can replace', async () => {
    const http = {
      request: () => of({ status: 200, headers: {}, data: { data: { orderId: '7', status: 'COMPLETED' } } }),
    };
    module = await Test.createTestingModule({ imports: [LalamoveModule.forRoot(KEYS)] })
      .overrideProvider(getLalamoveHttpToken())
      .useValue(http)
      .compile();
    await expect(module.get(LalamoveService).getOrder('7')).resolves.toEqual({ orderId: '7', status: 'COMPLETED' });
  });

  it('sends calls with an HttpService that accepts interceptors', async () => {
    const sandbox = await LalamoveSandbox.start();
    @Injectable()
    class Tracing {
      readonly seen: unknown[] = [];

      constructor(@Inject(getLalamoveHttpToken()) http: HttpService) {
        http.axiosRef.interceptors.request.use((config) => {
          this.seen.push(config.url);
          return config;
        });
      }
    }
    const http = { headers: { 'X-Proxy': 'yes', authorization: 'never' } };
    const compiled = await compile({
      imports: [LalamoveModule.forRoot(accountOn(sandbox, { http }))],
      providers: [Tracing],
    });
    await compiled.get(LalamoveService).getCities();
    expect(compiled.get(Tracing).seen).toEqual([`${sandbox.url}/v3/cities`]);
    expect(sandbox.requests[0]).toMatchObject({ signed: true, headers: { 'x-proxy': 'yes' } });
    await sandbox.stop();
  });

  it('lets a test make the service fail like Lalamove', async () => {
    const getOrder = (): Promise<never> => Promise.reject(createLalamoveException('ERR_ORDER_NOT_FOUND'));
    module = await Test.createTestingModule({ imports: [LalamoveModule.forRoot(KEYS), FeatureModule] })
      .overrideProvider(getLalamoveToken())
      .useValue({ getOrder })
      .compile();
    await expect(module.get(Shop, { strict: false }).lalamove.getOrder('1')).rejects.toBeInstanceOf(
      OrderNotFoundException,
    );
  });
});
