export { buildCity } from './builders/build-city.js';
export { buildDriver } from './builders/build-driver.js';
export { buildEvent, buildWebhook, type EventMembers } from './builders/build-event.js';
export { buildOrder } from './builders/build-order.js';
export { buildQuotation, type WithPartOfPrice } from './builders/build-quotation.js';
export {
  builtReads,
  createLalamoveMock,
  LalamoveMock,
  type LalamoveMethod,
  type LalamoveMockCall,
  type LalamoveStubs,
} from './lalamove-mock.js';
export { LalamoveTestingModule } from './lalamove-testing.module.js';
export type { LalamoveSandboxedOptions, LalamoveTestedAppOptions, LalamoveTestingOptions } from './testing.options.js';
export { untilState, type ReadableDeliveries, type UntilStateOptions } from './until-state.js';
