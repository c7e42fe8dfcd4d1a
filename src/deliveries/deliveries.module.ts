import { Inject, Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { asyncFormProblems, asyncOptionsProviders, optionsProvider, type AsyncOptions } from '../nest/async-options.js';
import { LalamoveInboxHost } from '../webhooks/inbox/inbox-host.js';
import { LalamoveWebhooksModule } from '../webhooks/lalamove-webhooks.module.js';
import { LalamoveObserversModule } from '../lalamove-observers.module.js';
import { DurableInbox } from './application/durable-inbox.js';
import { DeliveriesOptionsException } from './deliveries-options.exception.js';
import { assertDeliveriesOptions, type DeliveriesModuleOptions } from './deliveries.options.js';
import { DELIVERIES_OPTIONS, DELIVERIES_PROVIDERS } from './deliveries.providers.js';
import { DeliveriesService } from './deliveries.service.js';
import { DELIVERIES_INSPECTION } from './inspection.js';

/** A class that creates the options, for `useClass` and `useExisting`. */
export interface DeliveriesOptionsFactory {
  /** Called once, at boot. */
  createDeliveriesOptions(): DeliveriesModuleOptions | Promise<DeliveriesModuleOptions>;
}

/** Options of `DeliveriesModule.forRootAsync`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export type DeliveriesModuleAsyncOptions = Pick<ModuleMetadata, 'imports'> &
  AsyncOptions<DeliveriesModuleOptions, DeliveriesOptionsFactory>;

/**
 * Books deliveries exactly once and follows them to the door: import it beside `LalamoveModule`, and inject
 * `DeliveriesService`. Its inbox replaces the one in memory.
 *
 * @example
 * \@Module({
 *   imports: [
 *     LalamoveModule.forRoot(account),
 *     DeliveriesModule.forRoot({ database: { file: 'data/deliveries.db' } }),
 *   ],
 * })
 * export class AppModule {}
 */
@Module({})
export class DeliveriesModule {
  constructor(@Inject(DurableInbox) inbox: DurableInbox, inboxes: LalamoveInboxHost) {
    inboxes.inbox = inbox;
  }

  /** Checks the options at boot: a `DeliveriesOptionsException` lists every problem. */
  static forRoot(options: DeliveriesModuleOptions = {}): DynamicModule {
    return registration([optionsProvider(options, { provide: DELIVERIES_OPTIONS, checked, owner: OWNER })]);
  }

  /**
   * As {@link forRoot}, for a process that works on the deliveries that other processes book. It needs a `storage` that
   * they share, and no HTTP server: `NestFactory.createApplicationContext` is enough.
   */
  static forWorker(options: DeliveriesModuleOptions): DynamicModule {
    return DeliveriesModule.forRoot({ ...options, worker: true });
  }

  /**
   * As {@link forRoot}, with options from a provider.
   *
   * @throws DeliveriesOptionsException if not exactly one of the forms is given
   */
  static forRootAsync(options: DeliveriesModuleAsyncOptions): DynamicModule {
    const problems = asyncFormProblems(options);
    if (problems.length > 0) throw new DeliveriesOptionsException(problems);
    const ask = (factory: DeliveriesOptionsFactory): unknown => factory.createDeliveriesOptions();
    const module = registration(
      asyncOptionsProviders(options, { provide: DELIVERIES_OPTIONS, ask, checked, owner: OWNER }),
    );
    return { ...module, imports: [...(module.imports ?? []), ...(options.imports ?? [])] };
  }
}

const OWNER = { module: 'DeliveriesModule', account: undefined } as const;

function checked(options: unknown): DeliveriesModuleOptions {
  assertDeliveriesOptions(options);
  return options;
}

function registration(optionsProviders: Provider[]): DynamicModule {
  return {
    module: DeliveriesModule,
    global: true,
    imports: [LalamoveObserversModule, LalamoveWebhooksModule],
    providers: [...optionsProviders, ...DELIVERIES_PROVIDERS],
    exports: [DeliveriesService, DELIVERIES_INSPECTION],
  };
}
