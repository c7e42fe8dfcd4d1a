import type { City, CityService, Measure, SpecialRequest, WebhookRegistration } from '../api/answers/city.js';
import type { Driver } from '../api/answers/driver.js';
import type { Order, OrderStop, ProofOfDelivery, ProofOfPickUp } from '../api/answers/order.js';
import type { Coordinates, Distance, PriceBreakdown, Quotation, QuotationStop } from '../api/answers/quotation.js';
import { ORDER_STATUSES } from '../api/order-status.js';
import { ItemDto } from '../api/requests/create-quotation.dto.js';
import { answerSchema } from './answer-schema.js';

const id = (description: string, example: string) => ({ type: 'string', description, example }) as const;
const text = (description: string, example?: string) =>
  ({ type: 'string', description, ...(example !== undefined && { example }) }) as const;
const texts = (description: string) => ({ type: 'array', items: { type: 'string' }, description }) as const;
const time = (description: string) =>
  ({ type: 'string', format: 'date-time', description, example: '2026-12-01T08:30:00Z' }) as const;
const amount = (description: string) => ({ type: 'string', required: false, description, example: '12.50' }) as const;
const OPTIONAL = { required: false } as const;

/** The schema `Coordinates`. */
export const CoordinatesSchema = answerSchema<Coordinates>('Coordinates', 'Coordinates in degrees.', {
  lat: text('Latitude, a decimal string.', '22.2759'),
  lng: text('Longitude, a decimal string.', '114.1455'),
});

/** The schema `Distance`. */
export const DistanceSchema = answerSchema<Distance>('Distance', 'The length of the route.', {
  value: text('A decimal string.', '5340'),
  unit: text('The unit.', 'm'),
});

/** The schema `PriceBreakdown`. */
export const PriceBreakdownSchema = answerSchema<PriceBreakdown>(
  'PriceBreakdown',
  'Amounts as decimal strings. A market may add further amounts.',
  {
    base: amount('The price of the service type.'),
    extraMileage: amount('The price of the distance.'),
    surcharge: amount('Surcharges.'),
    specialRequests: amount('The price of the special requests.'),
    multiStopSurcharge: amount('The price of further stops.'),
    vat: amount('The value-added tax.'),
    adminFee: amount('The fee of the market.'),
    priorityFee: amount('The priority fee.'),
    totalBeforeOptimization: amount('The total without the change of the route.'),
    totalExcludePriorityFee: amount('The total without the priority fee.'),
    total: text('The total.', '58.00'),
    currency: text('ISO 4217.', 'HKD'),
  },
);

/** The schema `QuotationStop`. */
export const QuotationStopSchema = answerSchema<QuotationStop>('QuotationStop', 'A stop of a quotation.', {
  stopId: id('Sender and recipients of an order refer to it.', '3394517965935702477'),
  coordinates: { type: CoordinatesSchema, description: 'Where the stop is.' },
  address: text('The address in words.', 'Victoria Peak'),
});

/** The schema `Quotation`. */
export const QuotationSchema = answerSchema<Quotation>('Quotation', 'A quotation.', {
  quotationId: id('The id, for `placeOrder`.', '3394517965935702476'),
  scheduleAt: time('The pick-up time: ISO 8601, UTC.'),
  expiresAt: time('5 minutes after the quotation was created: ISO 8601, UTC.'),
  serviceType: text('The service type.', 'MOTORCYCLE'),
  specialRequests: { ...texts('The special requests.'), ...OPTIONAL },
  language: text('The language of the addresses, in upper case.', 'EN_HK'),
  stops: { type: QuotationStopSchema, isArray: true, description: 'The pick-up and the drop-offs.' },
  isRouteOptimized: { type: 'boolean', description: 'Whether Lalamove may change the order of the drop-offs.' },
  priceBreakdown: { type: PriceBreakdownSchema, description: 'The price.' },
  item: { type: ItemDto, ...OPTIONAL, description: 'The goods.' },
  distance: { type: DistanceSchema, ...OPTIONAL, description: 'The length of the route.' },
});

/** The schema `ProofOfDelivery`. */
export const ProofOfDeliverySchema = answerSchema<ProofOfDelivery>('ProofOfDelivery', 'Proof of delivery at a stop.', {
  status: { ...text('The status.'), 'x-extensible-enum': ['PENDING', 'DELIVERED', 'SIGNED', 'FAILED'] },
  image: { type: 'string', ...OPTIONAL, description: 'URL of a photo or signature.' },
  deliveredAt: { ...time('ISO 8601, UTC.'), ...OPTIONAL },
});

/** The schema `ProofOfPickUp`. */
export const ProofOfPickUpSchema = answerSchema<ProofOfPickUp>('ProofOfPickUp', 'Proof of pick-up.', {
  imageUrls: texts('URLs of photos.'),
  pickedUpAt: { ...time('ISO 8601, UTC.'), ...OPTIONAL },
});

/** The schema `DeliveryCode`. */
export const DeliveryCodeSchema = answerSchema<NonNullable<OrderStop['delivery_code']>>(
  'DeliveryCode',
  'The code that the recipient gives to the driver.',
  {
    value: text('The code.', '1234'),
    status: { ...text('The status.'), 'x-extensible-enum': ['Pending', 'Verified', 'Not Applicable'] },
  },
);

/** The schema `OrderStop`. */
export const OrderStopSchema = answerSchema<OrderStop>('OrderStop', 'A stop of an order.', {
  coordinates: { type: CoordinatesSchema, description: 'Where the stop is.' },
  address: text('The address in words.', 'Victoria Peak'),
  name: text('The name of the contact.', 'Ada Wong'),
  phone: text("In Lalamove's form for the market, often without country code.", '+85290000000'),
  POD: { type: ProofOfDeliverySchema, ...OPTIONAL, description: 'Proof of delivery.' },
  POP: { type: ProofOfPickUpSchema, ...OPTIONAL, description: 'Proof of pick-up.' },
  delivery_code: { type: DeliveryCodeSchema, ...OPTIONAL, description: 'The code of the recipient.' },
});

/** The schema `Order`. */
export const OrderSchema = answerSchema<Order>('Order', 'An order.', {
  orderId: id('The id.', '3394517965935702480'),
  quotationId: id('The quotation that was ordered.', '3394517965935702476'),
  priceBreakdown: { type: PriceBreakdownSchema, description: 'The price.' },
  driverId: text('Empty until a driver is matched, and after a cancellation.', '80557'),
  shareLink: text("The URL of Lalamove's tracking page for the recipient."),
  status: {
    ...text(`The status: ${ORDER_STATUSES.join(', ')}. Lalamove may add further ones.`, 'ASSIGNING_DRIVER'),
    'x-extensible-enum': ORDER_STATUSES,
  },
  distance: { type: DistanceSchema, ...OPTIONAL, description: 'The length of the route.' },
  stops: { type: OrderStopSchema, isArray: true, description: 'The pick-up and the drop-offs.' },
  metadata: {
    type: 'object',
    additionalProperties: { type: 'string' },
    ...OPTIONAL,
    description: 'The data that were sent with the order.',
  },
  remarks: { ...texts('The remarks for the driver.'), ...OPTIONAL },
});

/** The schema `DriverPosition`. */
export const DriverPositionSchema = answerSchema<NonNullable<Driver['coordinates']>>(
  'DriverPosition',
  'Where the driver is.',
  {
    lat: text('Latitude, a decimal string.', '22.2759'),
    lng: text('Longitude, a decimal string.', '114.1455'),
    updatedAt: { ...time('ISO 8601, UTC.'), ...OPTIONAL },
  },
);

/** The schema `Driver`. */
export const DriverSchema = answerSchema<Driver>('Driver', 'The driver of an order.', {
  driverId: id('The id.', '80557'),
  name: text('The name.', 'Chan Tai Man'),
  phone: text('In E.164 form.', '+85290000000'),
  plateNumber: text('With some characters masked.', 'VP4*8*05'),
  photo: text('A URL, or empty.'),
  coordinates: { type: DriverPositionSchema, ...OPTIONAL, description: 'Updated every 10 seconds.' },
});

/** The schema `Measure`. */
export const MeasureSchema = answerSchema<Measure>('Measure', 'A measured value.', {
  value: text('A decimal string.', '20'),
  unit: text('The unit.', 'kg'),
});

/** The schema `Dimensions`. */
export const DimensionsSchema = answerSchema<NonNullable<CityService['dimensions']>>(
  'Dimensions',
  'The largest goods of a service type.',
  {
    length: { type: MeasureSchema, description: 'The length.' },
    width: { type: MeasureSchema, description: 'The width.' },
    height: { type: MeasureSchema, description: 'The height.' },
  },
);

/** The schema `SpecialRequest`. */
export const SpecialRequestSchema = answerSchema<SpecialRequest>(
  'SpecialRequest',
  'An extra that can be ordered with a service type.',
  {
    name: text('The value for `specialRequests` of a quotation.', 'TOLL_FEE_10'),
    description: text('What it is.'),
    parent_type: { ...text('The group of the extra.'), ...OPTIONAL },
    max_selection: { type: 'integer', ...OPTIONAL, description: 'How many of the group can be ordered.' },
    effective_time: { ...text('From when it is offered.'), ...OPTIONAL },
    offline_time: { ...text('Until when it is offered.'), ...OPTIONAL },
  },
);

/** The schema `CityService`. */
export const CityServiceSchema = answerSchema<CityService>('CityService', 'A service type that a city offers.', {
  key: text('The value for `serviceType` of a quotation.', 'MOTORCYCLE'),
  description: text('What it is.'),
  dimensions: { type: DimensionsSchema, ...OPTIONAL, description: 'The largest goods.' },
  load: { type: MeasureSchema, ...OPTIONAL, description: 'The heaviest goods.' },
  specialRequests: { type: SpecialRequestSchema, isArray: true, ...OPTIONAL, description: 'The extras.' },
  deliveryItemSpecification: {
    type: 'object',
    additionalProperties: true,
    ...OPTIONAL,
    description: 'The allowed values for `item` of a quotation.',
  },
});

/** The schema `City`. */
export const CitySchema = answerSchema<City>('City', 'A city of the market.', {
  locode: text('UN/LOCODE.', 'HK HKG'),
  name: text('The name.', 'Hong Kong'),
  services: { type: CityServiceSchema, isArray: true, description: 'The service types.' },
});

/** The schema `WebhookRegistration`. */
export const WebhookRegistrationSchema = answerSchema<WebhookRegistration>(
  'WebhookRegistration',
  'The URL that receives webhooks.',
  { url: text('The URL.', 'https://shop.example/webhooks/lalamove') },
);
