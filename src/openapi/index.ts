export { answerSchema, type AnswerDocs, type AnswerSchema } from './answer-schema.js';
export {
  CitySchema,
  CityServiceSchema,
  CoordinatesSchema,
  DeliveryCodeSchema,
  DimensionsSchema,
  DistanceSchema,
  DriverPositionSchema,
  DriverSchema,
  MeasureSchema,
  OrderSchema,
  OrderStopSchema,
  PriceBreakdownSchema,
  ProofOfDeliverySchema,
  ProofOfPickUpSchema,
  QuotationSchema,
  QuotationStopSchema,
  SpecialRequestSchema,
  WebhookRegistrationSchema,
} from './answer-schemas.js';
export {
  ApiLalamoveErrors,
  apiLalamoveErrorsWith,
  type ApiLalamoveErrorsDecorator,
} from './api-lalamove-errors.decorator.js';
export {
  DeliveriesByStateSchema,
  DeliveriesMetricsSchema,
  DeliveryEventSchema,
  DeliveryPageSchema,
  DeliveryPriceSchema,
  DeliveryReasonSchema,
  DeliverySchema,
  DuplicateOrderSchema,
  TimelineEntrySchema,
  UnreadableDeliverySchema,
} from './delivery-schemas.js';
export type { DeliveriesOperation } from './delivery-exceptions.js';
export type { ApiLalamoveErrorsOptions, DocumentedCall } from './error-responses.js';
export { LalamoveErrorItemSchema, LalamoveErrorSchema, LalamoveProblemSchema } from './error-schemas.js';
