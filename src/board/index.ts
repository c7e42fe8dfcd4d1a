export {
  DeliveriesBoardModule,
  type BoardSettingsFactory,
  type DeliveriesBoardAsyncOptions,
} from './deliveries-board.module.js';
export {
  DeliveriesBoardOptionsException,
  type BoardGuard,
  type BoardRouteOptions,
  type BoardSettings,
  type DeliveriesBoardOptions,
} from './board.options.js';
