import type { LalamoveOperation } from '../../api/endpoints.js';
import { getCities, setWebhookUrl } from './account-calls.js';
import { changeDriver, getDriver } from './driver-calls.js';
import { addPriorityFee, cancelOrder, editOrder, getOrder } from './order-calls.js';
import { placeOrder } from './place-order.js';
import { createQuotation, getQuotation } from './quotation-calls.js';
import type { SandboxHandler } from './sandbox-call.js';

/** The handler of each operation. */
export const OPERATION_HANDLERS: Readonly<Record<LalamoveOperation, SandboxHandler>> = {
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
};
