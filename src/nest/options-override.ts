import type { OptionalFactoryDependency } from '@nestjs/common';

/** A registration whose options are about to be used. */
export interface OverriddenOptions {
  readonly module: 'LalamoveModule' | 'DeliveriesModule';
  /** The name of an account; `undefined` for the default one, and for `DeliveriesModule`. */
  readonly account: string | undefined;
  /** Creates the options as the app gives them. It throws what the app's factory throws. */
  readonly own: () => unknown;
  /** The options that stand beside the factory of `forRootAsync`. */
  readonly beside: unknown;
}

/** Replaces the options of a registration, before they are checked. */
export type OptionsOverride = (overridden: OverriddenOptions) => unknown;

/** The token of an {@link OptionsOverride}. Only `LalamoveTestingModule` provides one. */
export const OPTIONS_OVERRIDE = 'nestjs-lalamove:options-override';

/** The override as a dependency of a factory: `undefined` in every app that is not tested. */
export const OVERRIDE_IF_ANY: OptionalFactoryDependency = { token: OPTIONS_OVERRIDE, optional: true };
