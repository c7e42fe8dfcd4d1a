import { Module, type DynamicModule } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { LalamoveModule } from '../lalamove.module.js';
import { OPTIONS_OVERRIDE } from '../nest/options-override.js';
import { SandboxClock } from '../sandbox/clock/sandbox-clock.js';
import { LalamoveSandbox } from '../sandbox/lalamove-sandbox.js';
import { SandboxedApp } from './sandboxed-app.js';
import { NAMED_ACCOUNTS, SandboxedOptions } from './sandboxed-options.js';
import { StartingSandbox } from './starting-sandbox.js';
import type { LalamoveTestedAppOptions, LalamoveTestingOptions } from './testing.options.js';

/**
 * A sandbox of its own for a test, with a clock that can be advanced. Get both from the module: `LalamoveSandbox` and
 * `SandboxClock`. The sandbox stops when the module closes. Every `LalamoveModule` and `DeliveriesModule` of the app
 * uses it, whatever keys, hosts, files and queues their options name.
 *
 * @example
 * const module = await Test.createTestingModule({
 *   imports: [LalamoveTestingModule.forRoot({ drivers: 'prompt' })],
 *   providers: [OrdersService],
 * }).compile();
 * await module.get(LalamoveSandbox).advance('2h');
 */
@Module({})
export class LalamoveTestingModule {
  /**
   * Sandbox, clock and `LalamoveModule`, and with `deliveries: true` also `DeliveriesModule`: for tests of single
   * classes.
   *
   * @throws RangeError while the module compiles, if an option of the sandbox is wrong
   */
  static forRoot(options: LalamoveTestingOptions = {}): DynamicModule {
    const { webhook, deliveries = false, account, ...sandboxed } = options;
    // Keys of the right form, which the sandbox's own replace.
    const { apiKey = 'pk_test_sandbox', apiSecret = 'sk_test_sandbox', market = 'HK' } = sandboxed;
    const registration = LalamoveModule.forRoot({
      ...account,
      ...(webhook && { webhook }),
      apiKey,
      apiSecret,
      market,
    });
    return testingModule(sandboxed, [registration, ...(deliveries ? [deliveriesModule()] : [])], account?.name);
  }

  /**
   * Sandbox and clock for an app that imports `LalamoveModule` by itself: import it beside the app's root module. What
   * the app's options say of errors, hooks, webhooks and policies stays.
   *
   * @example
   * const module = await Test.createTestingModule({
   *   imports: [AppModule, LalamoveTestingModule.forApp({ drivers: 'prompt' })],
   * }).compile();
   */
  static forApp(options: LalamoveTestedAppOptions = {}): DynamicModule {
    return testingModule(options, []);
  }
}

/** @param main the account that has the first keys of the sandbox */
function testingModule(
  options: LalamoveTestedAppOptions,
  imports: DynamicModule['imports'],
  main?: string,
): DynamicModule {
  const { storage = 'memory', market = 'HK', clock: given, rateLimits = false, accounts = [], ...others } = options;
  const settings = { storage, market, isLimited: rateLimits !== false, main };
  return {
    module: LalamoveTestingModule,
    global: true,
    imports: imports ?? [],
    providers: [
      { provide: SandboxClock, useFactory: () => given ?? new SandboxClock() },
      {
        provide: StartingSandbox,
        inject: [SandboxClock],
        useFactory: (clock: SandboxClock) => {
          const all = { ...others, clock, rateLimits, accounts: [...accounts, ...NAMED_ACCOUNTS] };
          return new StartingSandbox(all, (sandbox) => new SandboxedOptions(sandbox, clock, settings));
        },
      },
      {
        provide: LalamoveSandbox,
        inject: [StartingSandbox],
        useFactory: ({ sandbox }: StartingSandbox) => sandbox,
      },
      {
        provide: SandboxedOptions,
        inject: [StartingSandbox],
        useFactory: ({ options: sandboxed }: StartingSandbox) => sandboxed,
      },
      {
        provide: OPTIONS_OVERRIDE,
        inject: [StartingSandbox],
        useFactory: ({ override }: StartingSandbox) => override,
      },
      {
        provide: SandboxedApp,
        inject: [LalamoveSandbox, SandboxedOptions, ModuleRef, HttpAdapterHost],
        useFactory: (
          sandbox: LalamoveSandbox,
          sandboxedOptions: SandboxedOptions,
          moduleRef: ModuleRef,
          adapterHost: HttpAdapterHost,
        ) => new SandboxedApp({ sandbox, options: sandboxedOptions, moduleRef, adapterHost }),
      },
    ],
    exports: [LalamoveSandbox, SandboxClock, OPTIONS_OVERRIDE],
  };
}

/** Loads deliveries only if they are tested, because their peers are optional. */
function deliveriesModule(): Promise<DynamicModule> {
  const loaded = import('../deliveries/index.js').then(
    ({ DeliveriesModule }) => DeliveriesModule.forRoot(),
    (cause: unknown) => {
      throw new Error(
        'LalamoveTestingModule cannot load deliveries, which need kysely and libsql: npm install --save-dev ' +
          'kysely@0.28 libsql, or leave out deliveries: true.',
        { cause },
      );
    },
  );
  // Nest awaits it while the module compiles, and reports its failure then.
  loaded.catch(() => undefined);
  return loaded;
}
