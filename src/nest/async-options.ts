import type { FactoryProvider, InjectionToken, Provider, Type } from '@nestjs/common';
import { isRecord } from '../internal/is-record.js';
import { OVERRIDE_IF_ANY, type OptionsOverride, type OverriddenOptions } from './options-override.js';

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
  /** Adds the options that stand beside the factory to those that it returned. */
  readonly merged?: (given: unknown) => unknown;
  /** Checks the options, and fills in the defaults. */
  readonly checked: (given: unknown) => Options;
  /** Who the options are for. */
  readonly owner: Pick<OverriddenOptions, 'module' | 'account'>;
}

/** The provider of the options, and the provider of the class of `useClass`. */
export function asyncOptionsProviders<Options, Factory>(
  options: AsyncOptions<Options, Factory>,
  { provide, ask, merged = (given) => given, checked, owner }: AsyncOptionsRecipe<Options, Factory>,
): Provider[] {
  const { useFactory, inject = [], useClass, useExisting }: Forms<Factory> = options;
  const withOverride = async (override: OptionsOverride | undefined, given: () => unknown): Promise<Options> => {
    const own = async (): Promise<unknown> => merged(await given());
    return checked(await (override ? override({ ...owner, own, beside: merged({}) }) : own()));
  };
  const ofClass = (override: OptionsOverride | undefined, factory: Factory): Promise<Options> =>
    withOverride(override, () => ask(factory));
  if (useClass) return [{ provide, useFactory: ofClass, inject: [OVERRIDE_IF_ANY, useClass] }, useClass];
  if (useExisting) return [{ provide, useFactory: ofClass, inject: [OVERRIDE_IF_ANY, useExisting] }];
  return [
    {
      provide,
      inject: [OVERRIDE_IF_ANY, ...inject],
      useFactory: (override: OptionsOverride | undefined, ...given: unknown[]) =>
        withOverride(override, () => useFactory?.(...given)),
    },
  ];
}

/** The provider of options that are given as they are. */
export function optionsProvider<Options>(
  options: unknown,
  { provide, checked, owner }: Pick<AsyncOptionsRecipe<Options, unknown>, 'provide' | 'checked' | 'owner'>,
): FactoryProvider<Options | Promise<Options>> {
  const own = (): unknown => options;
  return {
    provide,
    inject: [OVERRIDE_IF_ANY],
    // Without an override it stays synchronous.
    useFactory: (override: OptionsOverride | undefined) => (override ? overriddenBy(override) : checked(options)),
  };

  async function overriddenBy(override: OptionsOverride): Promise<Options> {
    return checked(await override({ ...owner, own, beside: {} }));
  }
}
