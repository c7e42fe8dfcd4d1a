import type { DeliveryReason } from './delivery-progress.js';

/** The message of each reason, if there is nothing more exact. */
const REASONS = {
  PRICE_ABOVE_MAX:
    'The price is above maxPrice: call resolve({ rebook: true, maxPrice }) or resolve({ cancel: true }).',
  QUOTATION_EXPIRED: 'The quotation has expired, and the policy does not allow a new one.',
  STOPS_UNMATCHED:
    'The stops of the quotation cannot be matched to the stops of the booking with certainty. Nothing is booked, ' +
    'because a parcel could go to the wrong person. Call resolve({ rebook: true, changes }) without ' +
    'isRouteOptimized, or with different coordinates for each stop; or call resolve({ cancel: true }).',
  OUTCOME_UNKNOWN:
    'It is unknown whether an order was placed. Look for the order at Lalamove. If it is there, call ' +
    'resolve({ orderId }). If it is certainly not there, call resolve({ rebook: true }).',
  ORDER_ALREADY_KNOWN:
    'Lalamove has answered with an order that already belongs to another booking, so it is unknown which order this ' +
    'delivery has. Look for the order at Lalamove. If it is there, call resolve({ orderId }). If it is certainly not ' +
    'there, call resolve({ rebook: true }).',
  ORDER_NOT_FOUND:
    'Lalamove does not know the order, or it belongs to other keys. Check the keys of the account, and look for the ' +
    'order at Lalamove. If it goes on, its next webhook continues the delivery. If it is certainly not there, call ' +
    'resolve({ rebook: true }) or resolve({ cancel: true }).',
  NO_DRIVER: 'No driver has accepted the order.',
  CANCELED_UNEXPLAINED:
    'The order was cancelled, and it is unknown by whom. Customer service may have replaced it: then call ' +
    'resolve({ orderId }) with the new order.',
  REPLACEMENT_MISSING:
    'Customer service has cancelled the order, and no webhook has named a replacement. Ask customer service whether ' +
    'there is one. If so, call resolve({ orderId }) with it. If there is none, call resolve({ rebook: true }).',
  LALAMOVE_AWAY: 'Lalamove has failed too often in a row.',
  ACCOUNT_UNKNOWN: 'Its account is not registered with LalamoveModule, and accounts.resolve does not know it.',
  ACCOUNT_UNAVAILABLE: 'accounts.resolve has failed too often in a row.',
  DATABASE_RESTORED:
    'The database was restored from a backup, so an order that the backup does not have may be active. Look for the ' +
    'order at Lalamove. If it is there, call resolve({ orderId }). If it is certainly not there, call ' +
    'resolve({ rebook: true }) or resolve({ cancel: true }).',
  REQUEST_ERASED: 'Its names and addresses have been erased, so it cannot be booked any more.',
} as const;

/** @param message a more exact message than the standard one */
export function reason(code: keyof typeof REASONS, message: string = REASONS[code]): DeliveryReason {
  return { code, message };
}
