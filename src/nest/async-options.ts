import type { FactoryProvider, InjectionToken, Provider, Type } from '@nestjs/common';
import { isRecord } from '../internal/is-record.js';

/** Where the options of `forRootAsync` come from: exactly one of `useFactory`, `useClass` and `useExisting`. */
export type AsyncOptions<Options, Factory> =
  | Pick<FactoryProvider<Options | Promise<Options>>, 'useFactory' | 'inject'>
  | { useClass: Type<Factory> }
  | { useExisting: Type<Factory> };

/** The three forms side by side, for reading. */
interface Forms<Factory> extends Partial<Pick<FactoryProvider<unknown>, 'useFactory' | 'inject'>> {
  useClass?: Type<Factory>;
  useExisting?: Type<Factory>;
}

/** What is wrong if not exactly one of the forms is given, one sentence. */
export function asyncFormProblems(options: unknown): string[] {
  const forms = ['useFactory', 'useClass', 'useExisting'].filter(
    (form) => isRecord(options) && typeof options[form] === 'function',
  );
  if (forms.length === 1) return [];
  const given = forms.join(' and ') || 'no options';
  return [`forRootAsync got ${given}: give it one of useFactory, useClass or useExisting.`];
}

/** How providers are made of {@link AsyncOptions}. */
export interface AsyncOptionsRecipe<Options, Factory> {
  /** The token of the options. */
  readonly provide: InjectionToken;
  /** Asks the class of `useClass` or `useExisting`. */
  readonly ask: (factory: Factory) => unknown;
  /** Checks what was given, and completes it. */
  readonly checked: (given: unknown) => Options;
}

/** The provider of the options, and that of the class of `useClass`. */
export function asyncOptionsProviders<Options, Factory>(
  options: AsyncOptions<Options, Factory>,
  { provide, ask, checked }: AsyncOptionsRecipe<Options, Factory>,
): Provider[] {
  const { useFactory, inject = [], useClass, useExisting }: Forms<Factory> = options;
  const ofClass = async (factory: Factory): Promise<Options> => checked(await ask(factory));
  if (useClass) return [{ provide, useFactory: ofClass, inject: [useClass] }, useClass];
  if (useExisting) return [{ provide, useFactory: ofClass, inject: [useExisting] }];
  return [{ provide, inject, useFactory: async (...given: unknown[]) => checked(await useFactory?.(...given)) }];
}
