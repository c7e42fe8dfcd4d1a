import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { LalamoveInboxHost } from '../webhooks/inbox/inbox-host.js';
import { LalamoveWebhooksModule } from '../webhooks/lalamove-webhooks.module.js';
import { DeliveriesEngine } from './deliveries.engine.js';
import {
  assertDeliveriesOptions,
  DeliveriesOptionsException,
  type DeliveriesModuleOptions,
} from './deliveries.options.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveryHandlers } from './events/delivery-handlers.js';
import { openDeliveriesDatabase } from './storage/sqlite/open-database.js';

/** A class that makes the options, for `useClass` and `useExisting`. */
export interface DeliveriesOptionsFactory {
  createDeliveriesOptions(): DeliveriesModuleOptions | Promise<DeliveriesModuleOptions>;
}

/** Options of `DeliveriesModule.forRootAsync`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export type DeliveriesModuleAsyncOptions = Pick<ModuleMetadata, 'imports'> &
  (
    | Pick<FactoryProvider<DeliveriesModuleOptions | Promise<DeliveriesModuleOptions>>, 'useFactory' | 'inject'>
    | { useClass: Type<DeliveriesOptionsFactory> }
    | { useExisting: Type<DeliveriesOptionsFactory> }
  );

const OPTIONS = 'nestjs-lalamove:deliveries:options';

/**
 * Deliveries that are seen through: import it beside `LalamoveModule`, and inject `DeliveriesService`. Its inbox takes the place of the one in memory.
 *
 * @example
 * \@Module({ imports: [LalamoveModule.forRoot(account), DeliveriesModule.forRoot({ database: { file: 'data/deliveries.db' } })] })
 * export class AppModule {}
 */
@Module({})
export class DeliveriesModule
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    @Inject(DeliveriesEngine) private readonly engine: DeliveriesEngine,
    private readonly handlers: DeliveryHandlers,
    inboxes: LalamoveInboxHost,
  ) {
    inboxes.inbox = engine.inbox;
  }

  /** Options are checked at boot: `DeliveriesOptionsException` lists everything that is wrong with them. */
  static forRoot(options: DeliveriesModuleOptions = {}): DynamicModule {
    return registration([{ provide: OPTIONS, useFactory: () => checked(options) }]);
  }

  /**
   * As {@link forRoot}, with options that come from elsewhere.
   *
   * @throws DeliveriesOptionsException where not exactly one of the forms is given
   */
  static forRootAsync(options: DeliveriesModuleAsyncOptions): DynamicModule {
    const module = registration(asyncProviders(options));
    return { ...module, imports: [...(module.imports ?? []), ...(options.imports ?? [])] };
  }

  onModuleInit(): void {
    this.handlers.find();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.engine.start(this.handlers.of, this.handlers.wanted);
  }

  /** While the handlers' own resources are still there. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.engine.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.engine.close();
  }
}

function checked(options: unknown): DeliveriesModuleOptions {
  assertDeliveriesOptions(options);
  return options;
}

/** The apps that have deliveries, each by the one host of its inbox. */
const APPS = new WeakSet<LalamoveInboxHost>();

/**
 * @throws DeliveriesOptionsException for the second module of an app: before its file is opened, which may be the
 * first one's
 */
function refuseSecond(inboxes: LalamoveInboxHost): void {
  if (APPS.has(inboxes)) {
    throw new DeliveriesOptionsException([
      'DeliveriesModule is imported twice in this app, and two inboxes would compete for its webhooks: ' +
        'import it once, in the root module (it is global). Several accounts need one module alone ' +
        '(register them by name, or give accounts.resolve); several files need an app each.',
    ]);
  }
  APPS.add(inboxes);
}

function registration(optionsProviders: Provider[]): DynamicModule {
  const engine: FactoryProvider<DeliveriesEngine> = {
    provide: DeliveriesEngine,
    inject: [OPTIONS, ModuleRef, LalamoveInboxHost],
    useFactory: async (options: DeliveriesModuleOptions, moduleRef: ModuleRef, inboxes: LalamoveInboxHost) => {
      refuseSecond(inboxes);
      const database = await openDeliveriesDatabase(options.database ?? {}, options.logger);
      return new DeliveriesEngine(database, moduleRef, options);
    },
  };
  return {
    module: DeliveriesModule,
    global: true,
    imports: [LalamoveWebhooksModule],
    providers: [
      ...optionsProviders,
      engine,
      DeliveryHandlers,
      {
        provide: DeliveriesService,
        inject: [DeliveriesEngine],
        useFactory: (made: DeliveriesEngine) => new DeliveriesService(made),
      },
    ],
    exports: [DeliveriesService],
  };
}

/** The forms beside each other, of which exactly one is given. */
interface AsyncForms extends Partial<Pick<FactoryProvider<unknown>, 'useFactory' | 'inject'>> {
  useClass?: Type<DeliveriesOptionsFactory>;
  useExisting?: Type<DeliveriesOptionsFactory>;
}

function asyncProviders(options: DeliveriesModuleAsyncOptions): Provider[] {
  const { useFactory, inject = [], useClass, useExisting }: AsyncForms = options;
  const forms = [useFactory, useClass, useExisting].filter((form) => typeof form === 'function');
  if (forms.length !== 1) {
    throw new DeliveriesOptionsException([
      `forRootAsync got ${forms.length} forms: give it one of useFactory, useClass or useExisting.`,
    ]);
  }
  const fromFactory = async (factory: DeliveriesOptionsFactory): Promise<DeliveriesModuleOptions> =>
    checked(await factory.createDeliveriesOptions());
  if (useClass) return [{ provide: OPTIONS, useFactory: fromFactory, inject: [useClass] }, useClass];
  if (useExisting) return [{ provide: OPTIONS, useFactory: fromFactory, inject: [useExisting] }];
  return [
    { provide: OPTIONS, inject, useFactory: async (...given: unknown[]) => checked(await useFactory?.(...given)) },
  ];
}
