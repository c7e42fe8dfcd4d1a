export { systemClock, type Clock } from '../clock.js';
export {
  LalamoveSandbox,
  type LalamoveSandboxOptions,
  type ScriptedAnswer,
  type ScriptOptions,
} from './lalamove-sandbox.js';
export type { Order, OrderStatus } from '../dto/order.js';
export type { RefusalAnswer, RefusalShape, WrittenAnswer } from './refusal.js';
export type { SeenRequest } from './sandbox-request.js';
export type { LalamoveOperation } from '../errors/operation-table.js';
