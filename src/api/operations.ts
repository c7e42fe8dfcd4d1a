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
import { OPERATION_TABLE, type LalamoveOperation, type OperationFacts } from './operation-table.js';

/** One call of Lalamove's API, with what is sent and what comes back. */
export interface Operation<Answer> extends OperationFacts {
  readonly name: LalamoveOperation;
  /** What its body must be; absent where it has none. */
  readonly input?: ClassConstructor<object>;
  /** Reads the `data` of a successful answer; `undefined` means that it cannot be used. */
  readonly read: (data: unknown) => Answer | undefined;
  /** The refusal that says, to a repeat, that an earlier attempt was carried out; and what to answer then. */
  readonly settled?: { readonly code: string; readonly answer: Answer };
}

function operation<Answer>(
  name: LalamoveOperation,
  rest: Pick<Operation<Answer>, 'input' | 'read' | 'settled'>,
): Operation<Answer> {
  return { name, ...OPERATION_TABLE[name], ...rest };
}

/** For the calls that answer 204: there is nothing to read. */
const done = (): true => true;

/** Every call of API v3, by its method in `LalamoveService`. */
export const OPERATIONS = {
  createQuotation: operation('createQuotation', { input: CreateQuotationDto, read: readQuotation }),
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
 * The body of a call as it is sent, in Lalamove's envelope.
 *
 * @throws TypeError for what JSON cannot write, or would write as nothing
 */
export function sentBody(input: unknown): string {
  return sentJson({ data: sentInput(input) });
}
