import { Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { LalamoveErrorsModule } from './errors/lalamove-errors.module.js';
import { LalamoveObserversModule } from './lalamove-observers.module.js';
import { isRecord } from './internal/is-record.js';
import { registrationProblems } from './lalamove.option-checks.js';
import {
  assertOptions,
  LalamoveOptionsException,
  type LalamoveAccountOptions,
  type LalamoveModuleOptions,
} from './lalamove.options.js';
import { accountProviders, optionsToken } from './lalamove.providers.js';
import { asyncFormProblems, asyncOptionsProviders, optionsProvider, type AsyncOptions } from './nest/async-options.js';
import { LalamoveWebhookRegistrations } from './webhooks/endpoint/webhook-registrations.js';
import { LalamoveWebhooksModule } from './webhooks/lalamove-webhooks.module.js';

/** A class that creates the options, for `useClass` and `useExisting`. */
export interface LalamoveOptionsFactory {
  /** Called once, at boot. */
  createLalamoveOptions(): LalamoveAccountOptions | Promise<LalamoveAccountOptions>;
}

/** What all forms of `forRootAsync` share. */
export interface LalamoveModuleAsyncBase
  extends Pick<ModuleMetadata, 'imports'>, Pick<LalamoveModuleOptions, 'name' | 'isGlobal' | 'webhook'> {}

/** Options of `LalamoveModule.forRootAsync`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export type LalamoveModuleAsyncOptions = LalamoveModuleAsyncBase &
  AsyncOptions<LalamoveAccountOptions, LalamoveOptionsFactory>;

/**
 * Lalamove for a Nest app: provides a `LalamoveService`, and registers the `LalamoveExceptionFilter` once for the whole
 * app. Register each further account with a `name`; the registration without a name is the default.
 *
 * @example
 * \@Module({ imports: [LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK' })] })
 * export class AppModule {}
 */
@Module({})
export class LalamoveModule {
  /** Checks the options at boot: a `LalamoveOptionsException` lists every problem. */
  static forRoot(options: LalamoveModuleOptions): DynamicModule {
    const name = nameOf(options);
    const provider = optionsProvider(options, {
      provide: optionsToken(name),
      checked: (given) => checked(given, name, true),
      owner: { module: 'LalamoveModule', account: name },
    });
    return registration(options, [provider]);
  }

  /**
   * As {@link forRoot}, with options from a provider. `name` and `isGlobal` stand beside the factory. `webhook` may
   * stand there too, whole or in part: members that the factory returns replace those beside it.
   *
   * @throws LalamoveOptionsException if not exactly one of the forms is given, or an option beside it is wrong
   */
  static forRootAsync(options: LalamoveModuleAsyncOptions): DynamicModule {
    const problems = [...asyncFormProblems(options), ...registrationProblems(options)];
    if (problems.length > 0) throw new LalamoveOptionsException(problems, nameOf(options));
    const { providers = [], imports = [], ...module } = registration(options, asyncProviders(options));
    return {
      ...module,
      imports: [...imports, ...(options.imports ?? [])],
      providers: [...providers, ...expectations(options)],
    };
  }
}

function nameOf(options: unknown): string | undefined {
  return isRecord(options) && typeof options.name === 'string' ? options.name : undefined;
}

function checked(options: unknown, account: string | undefined, withRegistration: boolean): LalamoveAccountOptions {
  assertOptions(options, { account, withRegistration });
  return options;
}

function registration(options: unknown, optionsProviders: Provider[]): DynamicModule {
  const account = accountProviders(nameOf(options));
  return {
    module: LalamoveModule,
    global: !isRecord(options) || options.isGlobal !== false,
    imports: [LalamoveObserversModule, LalamoveErrorsModule, LalamoveWebhooksModule],
    providers: [...optionsProviders, ...account.providers],
    exports: account.exports,
  };
}

function asyncProviders(options: LalamoveModuleAsyncOptions): Provider[] {
  const name = nameOf(options);
  const withWebhook = (given: unknown): unknown =>
    isRecord(given) && options.webhook ? { ...given, webhook: merged(options.webhook, given.webhook) } : given;
  return asyncOptionsProviders(options, {
    provide: optionsToken(name),
    ask: (factory: LalamoveOptionsFactory) => factory.createLalamoveOptions(),
    merged: withWebhook,
    checked: (given) => checked(given, name, false),
    owner: { module: 'LalamoveModule', account: name },
  });
}

/**
 * Providers that exist at boot even if the options are request-scoped. They register that an endpoint and a URL are
 * expected.
 */
function expectations(options: LalamoveModuleAsyncOptions): Provider[] {
  const { path, url } = options.webhook ?? {};
  if (path === undefined && url === undefined) return [];
  const name = nameOf(options);
  const useFactory = (registrations: LalamoveWebhookRegistrations): true => {
    if (path !== undefined) registrations.expectEndpoint(name);
    if (url !== undefined) registrations.expectUrl(name);
    return true;
  };
  return [{ provide: `nestjs-lalamove:endpoint:${name ?? ''}`, inject: [LalamoveWebhookRegistrations], useFactory }];
}

/** Merges the `webhook` that the factory returned over the one beside the factory. */
function merged(beside: object, given: unknown): unknown {
  if (given === undefined) return beside;
  return isRecord(given) ? { ...beside, ...given } : given;
}
