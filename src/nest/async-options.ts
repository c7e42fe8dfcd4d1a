import type { FactoryProvider, InjectionToken, Provider, Type } from '@nestjs/common';
import { isRecord } from '../internal/is-record.js';

/** The source of the options of `forRootAsync`: exactly one of `useFactory`, `useClass` and `useExisting`. */
export type AsyncOptions<Options, Factory> =
  | Pick<FactoryProvider<Options | Promise<Options>>, 'useFactory' | 'inject'>
  | { useClass: Type<Factory> }
  | { useExisting: Type<Factory> };

/** All members of the three forms, for reading. */
interface Forms<Factory> extends Partial<Pick<FactoryProvider<unknown>, 'useFactory' | 'inject'>> {
  useClass?: Type<Factory>;
  useExisting?: Type<Factory>;
}

/** The problem in one sentence, if not exactly one of the forms is given. */
export function asyncFormProblems(options: unknown): string[] {
  const forms = ['useFactory', 'useClass', 'useExisting'].filter(
    (form) => isRecord(options) && typeof options[form] === 'function',
  );
  if (forms.length === 1) return [];
  const given = forms.join(' and ') || 'no options';
  return [`forRootAsync got ${given}: give it one of useFactory, useClass or useExisting.`];
}

/** How {@link AsyncOptions} become providers. */
export interface AsyncOptionsRecipe<Options, Factory> {
  /** The token of the options. */
  readonly provide: InjectionToken;
  /** Gets the options from the class of `useClass` or `useExisting`. */
  readonly ask: (factory: Factory) => unknown;
  /** Checks the options, and fills in the defaults. */
  readonly checked: (given: unknown) => Options;
}

/** The provider of the options, and the provider of the class of `useClass`. */
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
