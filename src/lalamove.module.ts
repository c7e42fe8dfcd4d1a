import type { HttpService } from '@nestjs/axios';
import {
  Logger,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { LalamoveHttpService } from './client/lalamove-http.service.js';
import { isRecord } from './dto/is-record.js';
import { LalamoveErrorPolicies } from './errors/error-policies.js';
import { LalamoveErrorsModule } from './errors/lalamove-errors.module.js';
import {
  accountErrorPolicy,
  assertOptions,
  LalamoveOptionsException,
  type LalamoveAccountOptions,
  type LalamoveModuleOptions,
} from './lalamove.options.js';
import { LalamoveService } from './lalamove.service.js';
import { getLalamoveHttpToken, getLalamoveToken } from './lalamove.tokens.js';

/** A class that makes the options, for `useClass` and `useExisting`. */
export interface LalamoveOptionsFactory {
  createLalamoveOptions(): LalamoveAccountOptions | Promise<LalamoveAccountOptions>;
}

/** What all forms of `forRootAsync` share. */
export interface LalamoveModuleAsyncBase
  extends Pick<ModuleMetadata, 'imports'>, Pick<LalamoveModuleOptions, 'name' | 'isGlobal'> {}

/** Options of `LalamoveModule.forRootAsync`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export type LalamoveModuleAsyncOptions =
  | (LalamoveModuleAsyncBase &
      Pick<FactoryProvider<LalamoveAccountOptions | Promise<LalamoveAccountOptions>>, 'useFactory' | 'inject'>)
  | (LalamoveModuleAsyncBase & { useClass: Type<LalamoveOptionsFactory> })
  | (LalamoveModuleAsyncBase & { useExisting: Type<LalamoveOptionsFactory> });

/**
 * Lalamove for a Nest app: provides a `LalamoveService` and registers the `LalamoveExceptionFilter`, once for the whole app. Several accounts
 * are several registrations with a `name` each; the one without is the default.
 *
 * @example
 * \@Module({ imports: [LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK' })] })
 * export class AppModule {}
 */
@Module({})
export class LalamoveModule {
  /** Options are checked at boot: `LalamoveOptionsException` lists everything that is wrong with them. */
  static forRoot(options: LalamoveModuleOptions): DynamicModule {
    return registration(options, [{ provide: optionsToken(nameOf(options)), useValue: options }]);
  }

  /**
   * As {@link forRoot}, with options that come from elsewhere. `name` and `isGlobal` stand beside the factory.
   *
   * @throws LalamoveOptionsException where none of the forms is given
   */
  static forRootAsync(options: LalamoveModuleAsyncOptions): DynamicModule {
    return {
      ...registration(options, asyncProviders(options)),
      imports: [LalamoveErrorsModule, ...(options.imports ?? [])],
    };
  }
}

const optionsToken = (name: string | undefined): string => `nestjs-lalamove:options:${name ?? ''}`;

function nameOf(options: unknown): string | undefined {
  return isRecord(options) && typeof options.name === 'string' ? options.name : undefined;
}

function registration(
  options: Pick<LalamoveModuleOptions, 'name' | 'isGlobal'>,
  optionsProviders: Provider[],
): DynamicModule {
  const name = nameOf(options);
  const http: FactoryProvider<HttpService> = {
    provide: getLalamoveHttpToken(name),
    inject: [optionsToken(name)],
    useFactory: (given: unknown) => {
      assertOptions(given, name);
      return new LalamoveHttpService(given.http);
    },
  };
  const service: FactoryProvider<LalamoveService> = {
    provide: getLalamoveToken(name),
    inject: [optionsToken(name), getLalamoveHttpToken(name), LalamoveErrorPolicies],
    useFactory: (given: unknown, httpService: HttpService, policies: LalamoveErrorPolicies) => {
      assertOptions(given, name);
      if (!policies.add(accountErrorPolicy(given, name, new Logger('LalamoveModule')))) throw takenName(name);
      return new LalamoveService(httpService, given, name);
    },
  };
  return {
    module: LalamoveModule,
    global: isRecord(options) ? (options.isGlobal ?? true) : true,
    imports: [LalamoveErrorsModule],
    providers: [...optionsProviders, http, service],
    exports: [http.provide, service.provide],
  };
}

function asyncProviders(options: LalamoveModuleAsyncOptions): Provider[] {
  const provide = optionsToken(nameOf(options));
  if ('useFactory' in options) return [{ provide, useFactory: options.useFactory, inject: options.inject ?? [] }];
  const useFactory = (factory: LalamoveOptionsFactory): LalamoveAccountOptions | Promise<LalamoveAccountOptions> =>
    factory.createLalamoveOptions();
  if ('useClass' in options) return [{ provide, useFactory, inject: [options.useClass] }, options.useClass];
  if ('useExisting' in options) return [{ provide, useFactory, inject: [options.useExisting] }];
  throw new LalamoveOptionsException(
    ['forRootAsync got no options: give it one of useFactory, useClass or useExisting.'],
    nameOf(options),
  );
}

function takenName(name: string | undefined): LalamoveOptionsException {
  const problem =
    name === undefined
      ? 'There are two registrations without a name: import one, or tell them apart by `name` and inject with @InjectLalamove(name).'
      : 'There are two registrations of this name: give each its own, or import one.';
  return new LalamoveOptionsException([problem], name);
}
