import type { DeliveryReason } from './delivery-progress.js';

/** What is said of each reason of ours where there is nothing more exact. */
const REASONS = {
  PRICE_ABOVE_MAX: 'It costs more than it may cost: resolve({ rebook: true, maxPrice }), or resolve({ cancel: true }).',
  QUOTATION_EXPIRED: 'The quotation has expired, and the policy does not allow another one.',
  STOPS_UNMATCHED:
    'The stops of the quotation cannot be matched with certainty to those asked for, so that nothing is booked: ' +
    'a parcel could go to the wrong person. resolve({ cancel: true }), and book without isRouteOptimized, or with ' +
    'coordinates of their own for each stop.',
  OUTCOME_UNKNOWN:
    'Nobody can tell whether an order was placed. Look for it at Lalamove: then resolve({ orderId }) if it is there, resolve({ rebook: true }) if it surely is not.',
  ORDER_ALREADY_KNOWN:
    'Lalamove has named an order for it that is another one’s already: nobody can tell which order it has. Look for it ' +
    'at Lalamove: then resolve({ orderId }) if it is there, resolve({ rebook: true }) if it surely is not.',
  NO_DRIVER: 'No driver has taken it.',
  CANCELED_UNEXPLAINED:
    'The order was cancelled, and nobody has said by whom. Customer service may have replaced it: then resolve({ orderId }) with the new one.',
  REPLACEMENT_MISSING:
    'Customer service has cancelled the order, and no webhook has told of another in its place. Ask them whether there ' +
    'is one: resolve({ orderId }) with it, or resolve({ rebook: true }) if there is none.',
  LALAMOVE_AWAY: 'Lalamove has failed too often in a row.',
  ACCOUNT_UNKNOWN: 'Its account is not registered with LalamoveModule, and accounts.resolve does not know it.',
  ACCOUNT_UNAVAILABLE: 'accounts.resolve has failed too often in a row.',
  REQUEST_ERASED: 'Its names and addresses have been erased, so that it cannot be booked any more.',
} as const;

/** @param message something more exact than what is always said of it */
export function reason(code: keyof typeof REASONS, message: string = REASONS[code]): DeliveryReason {
  return { code, message };
}
