import type { ClassConstructor } from 'class-transformer';
import { readCities, readWebhookRegistration } from './answers/city.js';
import { CreateQuotationDto } from './requests/create-quotation.dto.js';
import { readDriver } from './answers/driver.js';
import { EditOrderDto } from './requests/edit-order.dto.js';
import { AddPriorityFeeDto, ChangeDriverDto, SetWebhookUrlDto } from './requests/order-change.dto.js';
import { readOrder } from './answers/order.js';
import { PlaceOrderDto } from './requests/place-order.dto.js';
import { readQuotation } from './answers/quotation.js';
import { sentInput, sentJson } from './requests/sent-input.js';
import { withLanguage } from './requests/with-language.js';
import { ENDPOINTS, type LalamoveOperation, type Endpoint } from './endpoints.js';

/** One call of Lalamove's API, with the class of its input and the reader of its answer. */
export interface Operation<Answer> extends Endpoint {
  readonly name: LalamoveOperation;
  /** The DTO of the request body; absent for a call without a body. */
  readonly input?: ClassConstructor<object>;
  /** Fills in what an input may leave out, by the market of the call. */
  readonly completed?: (input: unknown, market: string) => unknown;
  /** Reads the `data` of a successful answer; returns `undefined` if they are invalid. */
  readonly read: (data: unknown) => Answer | undefined;
  /** The error code by which a retry learns that an earlier attempt succeeded, and the result to return then. */
  readonly settled?: { readonly code: string; readonly answer: Answer };
}

function operation<Answer>(
  name: LalamoveOperation,
  rest: Pick<Operation<Answer>, 'input' | 'completed' | 'read' | 'settled'>,
): Operation<Answer> {
  return { name, ...ENDPOINTS[name], ...rest };
}

/** The reader for calls that are answered with 204, without data. */
const done = (): true => true;

/** All calls of API v3, by their methods in `LalamoveService`. */
export const OPERATIONS = {
  createQuotation: operation('createQuotation', {
    input: CreateQuotationDto,
    completed: withLanguage,
    read: readQuotation,
  }),
  getQuotation: operation('getQuotation', { read: readQuotation }),
  placeOrder: operation('placeOrder', { input: PlaceOrderDto, read: readOrder }),
  getOrder: operation('getOrder', { read: readOrder }),
  editOrder: operation('editOrder', { input: EditOrderDto, read: readOrder }),
  cancelOrder: operation<true>('cancelOrder', { read: done, settled: { code: 'ERR_CANCELLATION', answer: true } }),
  addPriorityFee: operation('addPriorityFee', { input: AddPriorityFeeDto, read: readOrder }),
  getDriver: operation('getDriver', { read: readDriver }),
  changeDriver: operation<true>('changeDriver', { input: ChangeDriverDto, read: done }),
  getCities: operation('getCities', { read: readCities }),
  setWebhookUrl: operation('setWebhookUrl', { input: SetWebhookUrlDto, read: readWebhookRegistration }),
} satisfies Record<LalamoveOperation, Operation<unknown>>;

/**
 * Writes the request body of a call, in Lalamove's envelope `{ data }`.
 *
 * @throws TypeError if the input cannot be written as JSON, or holds a Map or a Set
 */
export function sentBody(input: unknown): string {
  return sentJson({ data: sentInput(input) });
}
