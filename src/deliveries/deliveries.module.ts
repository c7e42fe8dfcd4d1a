import {
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { LalamoveInboxHost } from '../webhooks/inbox/inbox-host.js';
import { LalamoveWebhooksModule } from '../webhooks/lalamove-webhooks.module.js';
import { DurableInbox } from './application/durable-inbox.js';
import {
  assertDeliveriesOptions,
  DeliveriesOptionsException,
  type DeliveriesModuleOptions,
} from './deliveries.options.js';
import { DELIVERIES_OPTIONS, DELIVERIES_PROVIDERS } from './deliveries.providers.js';
import { DeliveriesService } from './deliveries.service.js';

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

  /** Options are checked at boot: `DeliveriesOptionsException` lists everything that is wrong with them. */
  static forRoot(options: DeliveriesModuleOptions = {}): DynamicModule {
    return registration([{ provide: DELIVERIES_OPTIONS, useFactory: () => checked(options) }]);
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
}

function checked(options: unknown): DeliveriesModuleOptions {
  assertDeliveriesOptions(options);
  return options;
}

function registration(optionsProviders: Provider[]): DynamicModule {
  return {
    module: DeliveriesModule,
    global: true,
    imports: [LalamoveWebhooksModule],
    providers: [...optionsProviders, ...DELIVERIES_PROVIDERS],
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
  if (useClass) return [{ provide: DELIVERIES_OPTIONS, useFactory: fromFactory, inject: [useClass] }, useClass];
  if (useExisting) return [{ provide: DELIVERIES_OPTIONS, useFactory: fromFactory, inject: [useExisting] }];
  return [
    {
      provide: DELIVERIES_OPTIONS,
      inject,
      useFactory: async (...given: unknown[]) => checked(await useFactory?.(...given)),
    },
  ];
}
