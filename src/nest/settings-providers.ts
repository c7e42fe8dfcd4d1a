import type { FactoryProvider, InjectionToken, Provider } from '@nestjs/common';

/** All members of the three forms of `forRootAsync`, for reading. */
interface Forms<Factory> extends Partial<Pick<FactoryProvider<unknown>, 'useFactory' | 'inject'>> {
  readonly useClass?: new (...given: never[]) => Factory;
  readonly useExisting?: new (...given: never[]) => Factory;
}

/** How the forms become providers. */
export interface SettingsRecipe<Settings, Factory> {
  readonly provide: InjectionToken;
  /** Gets the settings from the class of `useClass` or `useExisting`. */
  readonly ask: (factory: Factory) => unknown;
  /** Checks the settings. */
  readonly checked: (given: unknown) => Settings;
}

/** The provider of a page's settings, and the provider of the class of `useClass`. */
export function settingsProviders<Settings, Factory>(
  { useFactory, inject = [], useClass, useExisting }: Forms<Factory>,
  { provide, ask, checked }: SettingsRecipe<Settings, Factory>,
): Provider[] {
  const made = useClass ?? useExisting;
  if (!made)
    return [{ provide, inject, useFactory: async (...given: unknown[]) => checked(await useFactory?.(...given)) }];
  const ofClass = { provide, inject: [made], useFactory: async (factory: Factory) => checked(await ask(factory)) };
  return useClass ? [ofClass, useClass] : [ofClass];
}
