import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { isRecord } from '../internal/is-record.js';
import type { OptionCheck, OptionChecks } from '../internal/validate-options.js';
import { hasMethods, isBoolean, isFunction } from '../internal/value-checks.js';
import { moduleOptionProblems, optionsMessage } from '../nest/module-options.js';
import { tilesProblem, type MapTiles } from '../pages/page-headers.js';
import { PATH_CHECK } from '../pages/page-route.js';

/** A guard: its class, which Nest resolves with its dependencies, or an instance. */
export type BoardGuard = Type<CanActivate> | CanActivate;

/** What is known when the module is defined, so it stands beside the factory of `forRootAsync`. */
export interface BoardRouteOptions extends Pick<ModuleMetadata, 'imports'> {
  /** The path of the page, such as `'operations/deliveries'`. The global prefix comes before it. */
  path: string;
  /** Decides who sees the board: page, files, data and actions are behind it. Several guards must all agree. */
  guard: BoardGuard | readonly BoardGuard[];
  /** Decorators for the controller class of the page, such as `Roles('operator')` for your guard. */
  decorators?: readonly ClassDecorator[];
}

/** Options of `DeliveriesBoardModule` that a factory may return. */
export interface BoardSettings {
  /**
   * Whether nothing can be cancelled or resolved on the page. A function decides for each request; it gets the request
   * of Express or Fastify.
   *
   * @default false
   */
  readOnly?: boolean | ((request: never) => boolean | Promise<boolean>);
  /**
   * Who acts, as an id of yours: 1 to 200 characters. The timeline keeps it, also after `forget`. It gets the request
   * of Express or Fastify, as your guard has left it.
   */
  user?: (request: never) => string | undefined | Promise<string | undefined>;
  /** A tile server for the map. Without one the map is a plain grid with a scale. */
  tiles?: MapTiles;
  /**
   * The origins of the page, such as `'https://admin.example'`: needed if a proxy changes the `Host` header, and for
   * browsers that do not send `Sec-Fetch-Site`.
   */
  origins?: readonly string[];
}

/** Options of `DeliveriesBoardModule`. */
export interface DeliveriesBoardOptions extends BoardRouteOptions, BoardSettings {}

/** Injection token of the checked {@link BoardSettings}. */
export const BOARD_SETTINGS = 'nestjs-lalamove:board:settings';

/** Thrown at boot for wrong options. The message lists every problem and its remedy. */
export class DeliveriesBoardOptionsException extends Error {
  override readonly name = 'DeliveriesBoardOptionsException';

  /** @param problems one sentence for each */
  constructor(readonly problems: readonly string[]) {
    super(optionsMessage('DeliveriesBoardModule', problems));
  }
}

function isGuard(value: unknown): boolean {
  const tested: unknown = isFunction(value) ? Reflect.get(Object(value), 'prototype') : value;
  return hasMethods('canActivate')(tested);
}

const GUARD_CHECK: OptionCheck = {
  holds: (value) => (Array.isArray(value) ? value.length > 0 && value.every(isGuard) : isGuard(value)),
  remedy:
    'must be a guard of Nest, its class or an instance, because the board shows names, phone numbers and addresses, ' +
    'and its buttons spend money',
  required: true,
};

const ROUTE_CHECKS: OptionChecks<keyof BoardRouteOptions> = {
  path: { ...PATH_CHECK, remedy: "must be a path without parameters, such as 'operations/deliveries'" },
  guard: GUARD_CHECK,
  decorators: {
    holds: (value) => Array.isArray(value) && value.every(isFunction),
    remedy: "must be a list of decorators, such as [Roles('operator')]",
  },
  imports: { holds: Array.isArray, remedy: 'must be a list of the modules whose providers the guard needs' },
};

const SETTING_CHECKS: OptionChecks<keyof BoardSettings> = {
  readOnly: {
    holds: (value) => isBoolean(value) || isFunction(value),
    remedy: 'must be true, false, or a function that gets the request and returns one of them',
  },
  user: { holds: isFunction, remedy: 'must be a function that gets the request and returns who acts' },
  tiles: { holds: (value) => tilesProblem(value) === undefined, remedy: (value) => tilesProblem(value) ?? '' },
  origins: {
    holds: (value) => Array.isArray(value) && value.length > 0 && value.every(isOrigin),
    remedy: "must be a list of origins without a path, such as ['https://admin.example']",
  },
};

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

/** @throws DeliveriesBoardOptionsException that lists every problem */
export function assertBoardOptions(options: unknown): asserts options is DeliveriesBoardOptions {
  const problems = moduleOptionProblems(options, { ...ROUTE_CHECKS, ...SETTING_CHECKS });
  if (problems.length > 0) throw new DeliveriesBoardOptionsException(problems);
}

/** The problems of the options beside the factory. */
export function routeProblems(options: unknown): string[] {
  const { path, guard, decorators, imports } = isRecord(options) ? options : {};
  return moduleOptionProblems({ path, guard, decorators, imports }, ROUTE_CHECKS);
}

/** @throws DeliveriesBoardOptionsException that lists every problem of what a factory has returned */
export function assertBoardSettings(settings: unknown): asserts settings is BoardSettings {
  const problems = moduleOptionProblems(settings, SETTING_CHECKS);
  if (problems.length > 0) throw new DeliveriesBoardOptionsException(problems);
}
