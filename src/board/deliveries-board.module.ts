import { Logger, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DeliveriesService } from '../deliveries/deliveries.service.js';
import { DELIVERIES_INSPECTION, type DeliveriesInspection } from '../deliveries/inspection.js';
import { asyncFormProblems, type AsyncOptions } from '../nest/async-options.js';
import { foundIn } from '../nest/found-in.js';
import { settingsProviders } from '../nest/settings-providers.js';
import type { BoardSource } from './board-data.js';
import { BoardServer } from './board-server.js';
import { boardController } from './board.controller.js';
import {
  assertBoardOptions,
  assertBoardSettings,
  BOARD_SETTINGS,
  DeliveriesBoardOptionsException,
  routeProblems,
  type BoardRouteOptions,
  type BoardSettings,
  type DeliveriesBoardOptions,
} from './board.options.js';

/** A class that creates the settings, for `useClass` and `useExisting`. */
export interface BoardSettingsFactory {
  /** Called once, at boot. */
  createBoardSettings(): BoardSettings | Promise<BoardSettings>;
}

/**
 * Options of `DeliveriesBoardModule.forRootAsync`: `path`, `guard`, `decorators` and `imports`, and exactly one of
 * `useFactory`, `useClass` and `useExisting`.
 */
export type DeliveriesBoardAsyncOptions = BoardRouteOptions & AsyncOptions<BoardSettings, BoardSettingsFactory>;

/**
 * The page on which operators see all deliveries, and help those that need attention. Import it beside
 * `DeliveriesModule`. It does not start without a guard.
 *
 * @example
 * DeliveriesBoardModule.forRoot({
 *   path: 'operations/deliveries',
 *   guard: OperatorGuard,
 *   imports: [AuthModule],
 *   user: (request: { user: { id: string } }) => request.user.id,
 * })
 */
@Module({})
export class DeliveriesBoardModule {
  /** @throws DeliveriesBoardOptionsException that lists every problem */
  static forRoot(options: DeliveriesBoardOptions): DynamicModule {
    assertBoardOptions(options);
    const { path, guard, decorators, imports, ...settings } = options;
    const route = { path, guard, ...(decorators && { decorators }), ...(imports && { imports }) };
    return registration(route, [{ provide: BOARD_SETTINGS, useValue: settings }]);
  }

  /**
   * As {@link forRoot}, with settings from a provider. `path`, `guard`, `decorators` and `imports` stand beside the
   * factory.
   *
   * @throws DeliveriesBoardOptionsException if not exactly one of the forms is given, or path or guard cannot be used
   */
  static forRootAsync(options: DeliveriesBoardAsyncOptions): DynamicModule {
    const problems = [...asyncFormProblems(options), ...routeProblems(options)];
    if (problems.length > 0) throw new DeliveriesBoardOptionsException(problems);
    const ask = (factory: BoardSettingsFactory): unknown => factory.createBoardSettings();
    return registration(options, settingsProviders(options, { provide: BOARD_SETTINGS, ask, checked }));
  }
}

function checked(settings: unknown): BoardSettings {
  assertBoardSettings(settings);
  return settings;
}

function registration(route: BoardRouteOptions, settings: Provider[]): DynamicModule {
  return {
    module: DeliveriesBoardModule,
    imports: route.imports ?? [],
    controllers: [boardController(route)],
    providers: [...settings, SERVER],
  };
}

const SERVER: Provider = {
  provide: BoardServer,
  inject: [BOARD_SETTINGS, ModuleRef],
  useFactory: (settings: BoardSettings, moduleRef: ModuleRef) =>
    new BoardServer({ settings, source: () => sourceIn(moduleRef), logger: new Logger('LalamoveBoard') }),
};

function sourceIn(moduleRef: ModuleRef): BoardSource {
  const deliveries = foundIn(moduleRef, DeliveriesService);
  const inspection = foundIn<DeliveriesInspection>(moduleRef, DELIVERIES_INSPECTION);
  if (deliveries && inspection) return { deliveries, inspection };
  throw new Error('DeliveriesBoardModule needs DeliveriesModule: import DeliveriesModule.forRoot() in the same app.');
}
