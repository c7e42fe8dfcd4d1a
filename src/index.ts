export { systemClock, type Clock } from './internal/clock.js';
export type {
  LalamoveHooks,
  LalamoveHttpAttributes,
  LalamoveRequestEvent,
  LalamoveResponseEvent,
  LalamoveRetryEvent,
} from './client/call-hooks.js';
export type { LalamoveCredentials } from './client/client-settings.js';
export { LalamoveHttpService, type LalamoveHttpOptions } from './client/transport/lalamove-http.service.js';
export type { RateLimit } from './client/rate-limit/leaky-bucket.js';
export { InMemoryRateLimitStore, type LalamoveRateLimitStore } from './client/rate-limit/rate-limit.store.js';
export type { RateLimitOptions } from './client/rate-limit/rate-limit.options.js';
export type { RequestOptions } from './client/request-options.js';
export type { RetryOptions } from './client/retry/backoff.js';

export type { City, CityService, Measure, SpecialRequest, WebhookRegistration } from './api/answers/city.js';
export { ContactDto } from './api/requests/contact.dto.js';
export { CoordinatesDto } from './api/requests/coordinates.dto.js';
export { CreateQuotationDto, ItemDto, QuotationStopDto } from './api/requests/create-quotation.dto.js';
export type { Driver } from './api/answers/driver.js';
export { EditedStopDto, EditOrderDto } from './api/requests/edit-order.dto.js';
export type { LalamoveLanguage, LalamoveMarket } from './api/market.js';
export {
  AddPriorityFeeDto,
  CHANGE_DRIVER_REASONS,
  ChangeDriverDto,
  SetWebhookUrlDto,
  type ChangeDriverReason,
} from './api/requests/order-change.dto.js';
export type { OrderStatus } from './api/order-status.js';
export type { Order, OrderStop, ProofOfDelivery, ProofOfPickUp } from './api/answers/order.js';
export { PlaceOrderDto, RecipientDto, SenderDto } from './api/requests/place-order.dto.js';
export { toE164 } from './api/requests/to-e164.js';
export type { Coordinates, Distance, PriceBreakdown, Quotation, QuotationStop } from './api/answers/quotation.js';

export {
  InsufficientCreditException,
  LalamoveAuthenticationException,
  LalamoveForbiddenException,
  RateLimitedException,
  WebhookUrlRefusedException,
} from './errors/account.exceptions.js';
export {
  LalamoveAbortedException,
  LalamoveConnectionException,
  LalamoveOutcomeUnknownException,
  LalamoveServerException,
  LalamoveTimeoutException,
  LalamoveUnreadableResponseException,
} from './errors/call.exceptions.js';
export type { LalamoveGraphqlExtensions } from './errors/lalamove-graphql-error.js';
export { createLalamoveException, type LalamoveExceptionDetails } from './errors/create-exception.js';
export type { LalamoveOperation } from './api/endpoints.js';
export type { RateLimitReading } from './api/rate-limit-headers.js';
export { ERROR_CATALOG, type ErrorRow, type LalamoveErrorCode } from './errors/error-catalog.js';
export {
  LalamoveErrorPolicies,
  type AccountErrorPolicy,
  type LalamoveErrorOptions,
  type LalamoveFailure,
} from './errors/error-policies.js';
export type { LalamoveAnswerFormat, ProblemBody } from './errors/http-answer.js';
export type { LalamoveErrorItem } from './errors/lalamove-error-item.js';
export type { GatewayAnswer, NestErrorBody } from './errors/nest-error-body.js';
export type { LalamoveStatusPolicy } from './errors/status-policy.js';
export { LalamoveExceptionFilter } from './errors/lalamove-exception.filter.js';
export {
  LalamoveException,
  type AttemptedCall,
  type FixableBy,
  type LalamoveExceptionInit,
} from './errors/lalamove.exception.js';
export {
  CancellationForbiddenException,
  DriverChangeForbiddenException,
  DriverNotFoundException,
  InvalidOrderStatusException,
  InvalidPriorityFeeException,
  LalamoveNotFoundException,
  OrderAlreadyCanceledException,
  OrderNotEditableException,
  OrderNotFoundException,
} from './errors/order.exceptions.js';
export {
  InvalidAddressException,
  InvalidMarketException,
  InvalidPhoneNumberException,
  InvalidQuotationException,
  InvalidRequestException,
  MalformedRequestException,
  OutOfServiceAreaException,
} from './errors/request.exceptions.js';

export { lalamoveOptionsFromEnv } from './lalamove.environment.js';
export {
  LalamoveModule,
  type LalamoveModuleAsyncBase,
  type LalamoveModuleAsyncOptions,
  type LalamoveOptionsFactory,
} from './lalamove.module.js';
export {
  LalamoveOptionsException,
  type LalamoveAccountOptions,
  type LalamoveEnvironment,
  type LalamoveModuleOptions,
} from './lalamove.options.js';
export { LalamoveService } from './lalamove.service.js';
export {
  getLalamoveHttpToken,
  getLalamoveToken,
  getLalamoveWebhooksToken,
  InjectLalamove,
  InjectLalamoveWebhooks,
} from './lalamove.tokens.js';

export { UnknownLalamoveEvent, WalletBalanceChangedEvent } from './webhooks/events/account-events.js';
export type {
  EventBalance,
  EventDeliveryCode,
  EventDriver,
  EventPrice,
  EventStop,
} from './webhooks/events/event-parts.js';
export {
  LALAMOVE_EVENT_TYPES,
  readLalamoveEvent,
  type LalamoveEvent,
  type LalamoveEventOf,
  type LalamoveEventType,
} from './webhooks/events/lalamove-event.js';
export type { LalamoveEventFacts } from './webhooks/events/lalamove-event-facts.js';
export { LalamoveWebhookEvent } from './webhooks/events/lalamove-webhook-event.js';
export {
  DriverAssignedEvent,
  LalamoveOrderEvent,
  OrderAmountChangedEvent,
  OrderCreatedEvent,
  OrderEditedEvent,
  OrderReplacedEvent,
  OrderStatusChangedEvent,
} from './webhooks/events/order-events.js';
export {
  DeliveryCodeStatusChangedEvent,
  LalamoveStopEvent,
  PodStatusChangedEvent,
  PopStatusChangedEvent,
} from './webhooks/events/stop-events.js';
export { OnLalamoveEvent } from './webhooks/events/on-lalamove-event.decorator.js';
export { LalamoveInboxHost } from './webhooks/inbox/inbox-host.js';
export { InMemoryLalamoveInbox } from './webhooks/inbox/in-memory-inbox.js';
export type { InMemoryLalamoveInboxOptions } from './webhooks/inbox/in-memory-inbox.options.js';
export type { LalamoveEventHandler, LalamoveInbox, LalamoveInboxEntry } from './webhooks/inbox/lalamove-inbox.js';
export { LalamoveWebhooks, type VerifyWebhookOptions, type WebhookReceipt } from './webhooks/lalamove-webhooks.js';
export { signWebhook, type SignedWebhook, type SignWebhookInput } from './webhooks/verify/sign-webhook.js';
export { LalamoveWebhookException, type LalamoveWebhookErrorCode } from './webhooks/webhook.exceptions.js';
export type { LalamoveWebhookAccount, LalamoveWebhookOptions } from './webhooks/webhook.options.js';
