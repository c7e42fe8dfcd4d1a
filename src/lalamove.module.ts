import type { HttpService } from '@nestjs/axios';
import {
  Logger,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LalamoveHttpService } from './client/transport/lalamove-http.service.js';
import { sharedParts, type SharedParts } from './client/shared-parts.js';
import { isRecord } from './internal/is-record.js';
import { asyncFormProblems, asyncOptionsProviders, type AsyncOptions } from './nest/async-options.js';
import { LalamoveErrorPolicies } from './errors/error-policies.js';
import { LalamoveErrorsModule } from './errors/lalamove-errors.module.js';
import {
  accountErrorPolicy,
  assertOptions,
  clientSettings,
  verifierSettings,
  LalamoveOptionsException,
  type LalamoveAccountOptions,
  type LalamoveModuleOptions,
} from './lalamove.options.js';
import { registrationProblems } from './lalamove.option-checks.js';
import { LalamoveService } from './lalamove.service.js';
import { getLalamoveHttpToken, getLalamoveToken, getLalamoveWebhooksToken } from './lalamove.tokens.js';
import { LalamoveInboxHost } from './webhooks/inbox/inbox-host.js';
import { LalamoveWebhooks } from './webhooks/lalamove-webhooks.js';
import { LalamoveWebhooksModule } from './webhooks/lalamove-webhooks.module.js';
import { SignedPaths } from './webhooks/endpoint/signed-paths.js';
import { ThrottledLog } from './internal/throttled-log.js';
import { LalamoveWebhookRegistrations } from './webhooks/endpoint/webhook-registrations.js';
import { WebhookUrlRegistrar } from './webhooks/endpoint/webhook-url-registrar.js';

/** A class that makes the options, for `useClass` and `useExisting`. */
export interface LalamoveOptionsFactory {
  createLalamoveOptions(): LalamoveAccountOptions | Promise<LalamoveAccountOptions>;
}

/** What all forms of `forRootAsync` share. */
export interface LalamoveModuleAsyncBase
  extends Pick<ModuleMetadata, 'imports'>, Pick<LalamoveModuleOptions, 'name' | 'isGlobal' | 'webhook'> {}

/** Options of `LalamoveModule.forRootAsync`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export type LalamoveModuleAsyncOptions = LalamoveModuleAsyncBase &
  AsyncOptions<LalamoveAccountOptions, LalamoveOptionsFactory>;

/**
 * Lalamove for a Nest app: provides a `LalamoveService` and registers the `LalamoveExceptionFilter`, once for the whole
 * app. Several accounts are several registrations with a `name` each; the one without a name is the default.
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
   * `webhook` may stand there too, whole or in part: members that the factory returns replace those beside it.
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
  // One for each app, which its policies stand for. If the options are request-scoped, a request must not open
  // connections or count calls anew.
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
  const paths: FactoryProvider<SignedPaths> = {
    provide: `nestjs-lalamove:paths:${name ?? ''}`,
    inject: [optionsToken(name), LalamoveWebhookRegistrations],
    useFactory: ({ webhook }: LalamoveAccountOptions, registrations: LalamoveWebhookRegistrations) => {
      if (webhook?.path !== undefined) registrations.asked(name);
      const known = new SignedPaths(webhook?.publicPath);
      // Before it is registered again: Lalamove knows it from the last time, and may send at once.
      if (webhook?.url !== undefined) {
        known.learn(webhook.url);
        registrations.urlGiven(name);
      }
      return known;
    },
  };
  const service: FactoryProvider<LalamoveService> = {
    provide: getLalamoveToken(name),
    inject: [optionsToken(name), getLalamoveHttpToken(name), LalamoveErrorPolicies, paths.provide],
    useFactory: (
      given: LalamoveAccountOptions,
      httpService: HttpService,
      policies: LalamoveErrorPolicies,
      signedPaths: SignedPaths,
    ) => {
      const policy = accountErrorPolicy(given, name, new Logger('LalamoveModule'));
      if (!policies.add(policy, owner)) throw takenName(name);
      const parts = shared.get(policies) ?? sharedParts(httpService, clientSettings(given, name));
      shared.set(policies, parts);
      const webhookUrlGiven = (url: string): void => {
        signedPaths.learn(url);
      };
      return new LalamoveService(httpService, given, name, { ...parts, webhookUrlGiven });
    },
  };
  const webhooks: FactoryProvider<LalamoveWebhooks> = {
    provide: getLalamoveWebhooksToken(name),
    inject: [optionsToken(name), paths.provide, LalamoveInboxHost, LalamoveWebhookRegistrations],
    useFactory: (
      given: LalamoveAccountOptions,
      signedPaths: SignedPaths,
      inboxes: LalamoveInboxHost,
      registrations: LalamoveWebhookRegistrations,
    ) => {
      const logger = given.logger ?? new Logger('LalamoveWebhooks');
      const dropped = new ThrottledLog(logger);
      const receiver = new LalamoveWebhooks({
        verifier: verifierSettings(given, name),
        paths: signedPaths,
        inboxes,
        logger,
        dropped,
        path: given.webhook?.path,
      });
      registrations.add({ webhooks: receiver, paths: signedPaths, dropped, isOn: given.webhook !== undefined });
      return receiver;
    },
  };
  const webhookUrl: FactoryProvider<WebhookUrlRegistrar> = {
    provide: `nestjs-lalamove:webhook-url:${name ?? ''}`,
    inject: [optionsToken(name), service.provide, HttpAdapterHost],
    useFactory: (given: LalamoveAccountOptions, lalamove: LalamoveService, adapterHost: HttpAdapterHost) => {
      const logger = given.logger ?? new Logger('LalamoveWebhooks');
      return new WebhookUrlRegistrar({ url: given.webhook?.url, account: name, logger }, lalamove, adapterHost);
    },
  };
  return {
    module: LalamoveModule,
    global: !isRecord(options) || options.isGlobal !== false,
    imports: [LalamoveErrorsModule, LalamoveWebhooksModule],
    providers: [...optionsProviders, http, paths, service, webhooks, webhookUrl],
    exports: [http.provide, service.provide, webhooks.provide],
  };
}

function asyncProviders(options: LalamoveModuleAsyncOptions): Provider[] {
  const name = nameOf(options);
  const withWebhook = (given: unknown): unknown =>
    isRecord(given) && options.webhook ? { ...given, webhook: merged(options.webhook, given.webhook) } : given;
  return asyncOptionsProviders(options, {
    provide: optionsToken(name),
    ask: (factory: LalamoveOptionsFactory) => factory.createLalamoveOptions(),
    checked: (given) => checked(withWebhook(given), name, false),
  });
}

/**
 * Providers that exist at boot, also if the options are request-scoped. They announce that the endpoint and the URL
 * beside the factory must exist too.
 */
function expectations(options: LalamoveModuleAsyncOptions): Provider[] {
  const { path, url } = options.webhook ?? {};
  if (path === undefined && url === undefined) return [];
  const name = nameOf(options);
  const useFactory = (registrations: LalamoveWebhookRegistrations): true => {
    if (path !== undefined) registrations.expect(name);
    if (url !== undefined) registrations.expectUrl(name);
    return true;
  };
  return [{ provide: `nestjs-lalamove:endpoint:${name ?? ''}`, inject: [LalamoveWebhookRegistrations], useFactory }];
}

/** The `webhook` that the factory returned, on top of the one beside it. */
function merged(beside: object, given: unknown): unknown {
  return given === undefined ? beside : isRecord(given) ? { ...beside, ...given } : given;
}

function takenName(name: string | undefined): LalamoveOptionsException {
  const problem =
    name === undefined
      ? 'There are two registrations without a name: import one, or tell them apart by `name` and inject with ' +
        '@InjectLalamove(name).'
      : 'There are two registrations of this name: give each its own, or import one.';
  return new LalamoveOptionsException([problem], name);
}
