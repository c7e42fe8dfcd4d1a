export { systemClock, type Clock } from '../internal/clock.js';
export type { Driver } from '../api/answers/driver.js';
export type { OrderStatus } from '../api/order-status.js';
export type { Order } from '../api/answers/order.js';
export type { LalamoveOperation } from '../api/endpoints.js';
export type { RefusalAnswer, RefusalShape, WrittenAnswer } from './api/refusal.js';
export type { SeenRequest, SentAnswer, StoredRequest } from './api/seen-request.js';
export type { SignatureVerdict } from './api/signature-verdict.js';
export type {
  SandboxInfo,
  SandboxOrder,
  SandboxTime,
  SandboxWallet,
  SandboxWebhook,
  SandboxWebhookUrl,
} from './control/control-views.js';
export { sandboxClock, type FollowedSandboxClock } from './control/followed-sandbox-clock.js';
export { SandboxControl, type AccountOfMarket } from './control/sandbox-control.js';
export { SandboxControlError } from './control/sandbox-control-error.js';
export type { CallFault, Fault, FaultAnswer, FaultOccasions, FaultRule, WebhookFault } from './faults/fault-rule.js';
export { MAGIC_VALUES } from './faults/magic-values.js';
export { LalamoveSandbox, type RespondNextOptions } from './lalamove-sandbox.js';
export {
  DRIVER_SCRIPTS,
  type CancelParty,
  type DriverScript,
  type DriverScriptName,
  type DriverStep,
} from './simulation/driver-script.js';
export type { SandboxLogEntry, SandboxLogFields } from './sandbox-log.js';
export type {
  LalamoveSandboxOptions,
  SandboxAccount,
  SandboxUnknowns,
  SandboxWebhookOptions,
} from './sandbox.options.js';
export type { Duration } from './clock/duration.js';
export { SandboxClock, type SandboxClockOptions } from './clock/sandbox-clock.js';
export type { Ledger, LedgerLine } from './state/ledger.js';
export type { WebhookAttempt } from './webhooks/webhook-delivery.js';
export type { StopContact } from './state/order-entry.js';
export { WEBHOOK_EVENT_TYPES, type WebhookEventType } from '../api/webhook-event-types.js';
