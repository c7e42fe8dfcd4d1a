import type { ClassConstructor } from 'class-transformer';
import { readCities, readWebhookRegistration, type City, type WebhookRegistration } from '../dto/city.js';
import { sentCoordinates } from '../dto/coordinates.dto.js';
import { CreateQuotationDto } from '../dto/create-quotation.dto.js';
import { readDriver, type Driver } from '../dto/driver.js';
import { EditOrderDto } from '../dto/edit-order.dto.js';
import { AddPriorityFeeDto, ChangeDriverDto, SetWebhookUrlDto } from '../dto/order-change.dto.js';
import { isRecord } from '../dto/is-record.js';
import { readOrder, type Order } from '../dto/order.js';
import { PlaceOrderDto } from '../dto/place-order.dto.js';
import { readQuotation, type Quotation } from '../dto/quotation.js';

/** One call of Lalamove's API. */
export interface Operation<Answer> {
  /** The method of `LalamoveService` that makes it. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `:name` for each id. */
  readonly path: string;
  /** Whether it may be sent again although Lalamove might have carried it out. What spends or changes an order may not. */
  readonly repeatable: boolean;
  /** The refusal that says, to a repeat, that an earlier attempt was carried out; and what to answer then. */
  readonly settled?: { readonly code: string; readonly answer: Answer };
  /** What its body must be; absent where it has none. */
  readonly input?: ClassConstructor<object>;
  /** Reads the `data` of a successful answer; `undefined` means that it cannot be used. */
  readonly read: (data: unknown) => Answer | undefined;
}

/** For the calls that answer 204: there is nothing to read. */
const done = (): true => true;

const createQuotation: Operation<Quotation> = {
  name: 'createQuotation',
  method: 'POST',
  path: '/v3/quotations',
  repeatable: true,
  input: CreateQuotationDto,
  read: readQuotation,
};

const getQuotation: Operation<Quotation> = {
  name: 'getQuotation',
  method: 'GET',
  path: '/v3/quotations/:quotationId',
  repeatable: true,
  read: readQuotation,
};

const placeOrder: Operation<Order> = {
  name: 'placeOrder',
  method: 'POST',
  path: '/v3/orders',
  repeatable: false,
  input: PlaceOrderDto,
  read: readOrder,
};

const getOrder: Operation<Order> = {
  name: 'getOrder',
  method: 'GET',
  path: '/v3/orders/:orderId',
  repeatable: true,
  read: readOrder,
};

const editOrder: Operation<Order> = {
  name: 'editOrder',
  method: 'PATCH',
  path: '/v3/orders/:orderId',
  repeatable: false,
  input: EditOrderDto,
  read: readOrder,
};

const cancelOrder: Operation<true> = {
  name: 'cancelOrder',
  method: 'DELETE',
  path: '/v3/orders/:orderId',
  repeatable: true,
  settled: { code: 'ERR_CANCELLATION', answer: true },
  read: done,
};

const addPriorityFee: Operation<Order> = {
  name: 'addPriorityFee',
  method: 'POST',
  path: '/v3/orders/:orderId/priority-fee',
  repeatable: false,
  input: AddPriorityFeeDto,
  read: readOrder,
};

const getDriver: Operation<Driver> = {
  name: 'getDriver',
  method: 'GET',
  path: '/v3/orders/:orderId/drivers/:driverId',
  repeatable: true,
  read: readDriver,
};

const changeDriver: Operation<true> = {
  name: 'changeDriver',
  method: 'DELETE',
  path: '/v3/orders/:orderId/drivers/:driverId',
  repeatable: false,
  input: ChangeDriverDto,
  read: done,
};

const getCities: Operation<City[]> = {
  name: 'getCities',
  method: 'GET',
  path: '/v3/cities',
  repeatable: true,
  read: readCities,
};

const setWebhookUrl: Operation<WebhookRegistration> = {
  name: 'setWebhookUrl',
  method: 'PATCH',
  path: '/v3/webhook',
  repeatable: true,
  input: SetWebhookUrlDto,
  read: readWebhookRegistration,
};

/** Every call of API v3 (`lalamove-api.md` §2), by its name in `LalamoveService`. */
export const OPERATIONS = {
  createQuotation,
  getQuotation,
  placeOrder,
  getOrder,
  editOrder,
  cancelOrder,
  addPriorityFee,
  getDriver,
  changeDriver,
  getCities,
  setWebhookUrl,
} as const;

/** The body of a call as it is sent: in Lalamove's envelope, with coordinates as strings. */
export function sentBody(input: unknown): string {
  const data = isRecord(input) && Array.isArray(input.stops) ? { ...input, stops: input.stops.map(sentStop) } : input;
  return JSON.stringify({ data });
}

function sentStop(stop: unknown): unknown {
  return isRecord(stop) && 'coordinates' in stop ? { ...stop, coordinates: sentCoordinates(stop.coordinates) } : stop;
}
