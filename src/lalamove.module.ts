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
import { sharedParts, type SharedParts } from './client/shared-parts.js';
import { isRecord } from './is-record.js';
import { LalamoveErrorPolicies } from './errors/error-policies.js';
import { LalamoveErrorsModule } from './errors/lalamove-errors.module.js';
import {
  accountErrorPolicy,
  assertOptions,
  clientSettings,
  LalamoveOptionsException,
  type LalamoveAccountOptions,
  type LalamoveModuleOptions,
} from './lalamove.options.js';
import { registrationProblems } from './option-problems.js';
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

/** The forms beside each other, of which exactly one is given. */
interface AsyncForms extends Partial<Pick<FactoryProvider<unknown>, 'useFactory' | 'inject'>> {
  useClass?: Type<LalamoveOptionsFactory>;
  useExisting?: Type<LalamoveOptionsFactory>;
}

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
    const provider = {
      provide: optionsToken(nameOf(options)),
      useFactory: () => checked(options, nameOf(options), true),
    };
    return registration(options, [provider]);
  }

  /**
   * As {@link forRoot}, with options that come from elsewhere. `name` and `isGlobal` stand beside the factory.
   *
   * @throws LalamoveOptionsException where not exactly one of the forms is given, or `name` or `isGlobal` are wrong
   */
  static forRootAsync(options: LalamoveModuleAsyncOptions): DynamicModule {
    const problems = asyncProblems(options);
    if (problems.length > 0) throw new LalamoveOptionsException(problems, nameOf(options));
    const module = registration(options, asyncProviders(options));
    return { ...module, imports: [...(module.imports ?? []), ...(options.imports ?? [])] };
  }
}

const optionsToken = (name: string | undefined): string => `nestjs-lalamove:options:${name ?? ''}`;

function nameOf(options: unknown): string | undefined {
  return isRecord(options) && typeof options.name === 'string' ? options.name : undefined;
}

function checked(options: unknown, account: string | undefined, withRegistration: boolean): LalamoveAccountOptions {
  assertOptions(options, { account, withRegistration });
  return options;
}

function registration(options: unknown, optionsProviders: Provider[]): DynamicModule {
  const name = nameOf(options);
  const owner = {};
  // Those of each app, which its policies stand for: request-scoped options must not open connections or count calls anew for each request.
  const kept = new WeakMap<LalamoveErrorPolicies, LalamoveHttpService>();
  const shared = new WeakMap<LalamoveErrorPolicies, SharedParts>();
  const http: FactoryProvider<HttpService> = {
    provide: getLalamoveHttpToken(name),
    inject: [optionsToken(name), LalamoveErrorPolicies],
    useFactory: (given: LalamoveAccountOptions, app: LalamoveErrorPolicies) => {
      const service = kept.get(app) ?? new LalamoveHttpService(given.http);
      kept.set(app, service);
      return service;
    },
  };
  const service: FactoryProvider<LalamoveService> = {
    provide: getLalamoveToken(name),
    inject: [optionsToken(name), getLalamoveHttpToken(name), LalamoveErrorPolicies],
    useFactory: (given: LalamoveAccountOptions, httpService: HttpService, policies: LalamoveErrorPolicies) => {
      const policy = accountErrorPolicy(given, name, new Logger('LalamoveModule'));
      if (!policies.add(policy, owner)) throw takenName(name);
      const parts = shared.get(policies) ?? sharedParts(httpService, clientSettings(given, name));
      shared.set(policies, parts);
      return new LalamoveService(httpService, given, name, parts);
    },
  };
  return {
    module: LalamoveModule,
    global: !isRecord(options) || options.isGlobal !== false,
    imports: [LalamoveErrorsModule],
    providers: [...optionsProviders, http, service],
    exports: [http.provide, service.provide],
  };
}

function asyncProviders(options: LalamoveModuleAsyncOptions): Provider[] {
  const name = nameOf(options);
  const provide = optionsToken(name);
  const fromFactory = async (factory: LalamoveOptionsFactory): Promise<LalamoveAccountOptions> =>
    checked(await factory.createLalamoveOptions(), name, false);
  const { useFactory, inject = [], useClass, useExisting }: AsyncForms = options;
  if (useClass) return [{ provide, useFactory: fromFactory, inject: [useClass] }, useClass];
  if (useExisting) return [{ provide, useFactory: fromFactory, inject: [useExisting] }];
  return [
    { provide, inject, useFactory: async (...given: unknown[]) => checked(await useFactory?.(...given), name, false) },
  ];
}

function asyncProblems(options: unknown): string[] {
  const forms = ['useFactory', 'useClass', 'useExisting'].filter(
    (form) => isRecord(options) && typeof options[form] === 'function',
  );
  return [
    ...(forms.length === 1
      ? []
      : [
          `forRootAsync got ${forms.join(' and ') || 'no options'}: give it one of useFactory, useClass or useExisting.`,
        ]),
    ...registrationProblems(options),
  ];
}

function takenName(name: string | undefined): LalamoveOptionsException {
  const problem =
    name === undefined
      ? 'There are two registrations without a name: import one, or tell them apart by `name` and inject with @InjectLalamove(name).'
      : 'There are two registrations of this name: give each its own, or import one.';
  return new LalamoveOptionsException([problem], name);
}
