import type { Order } from '../../api/answers/order.js';
import { BUILT_QUOTATION_ID, BUILT_STOPS, builtPrice, type WithPartOfPrice } from './build-quotation.js';
import { BUILT_DRIVER_ID } from './build-driver.js';

/** The id of built orders. */
export const BUILT_ORDER_ID = '3394517965935703001';

/** The page where a recipient follows a built order. */
export const BUILT_SHARE_LINK = 'https://share.lalamove.com/?HK100260101000000000000000000000000&lang=en_HK&sign=built';

/** The statuses of an order that has a driver. */
const WITH_DRIVER: readonly string[] = ['ON_GOING', 'PICKED_UP', 'COMPLETED'];

/**
 * An order as `placeOrder`, `getOrder`, `editOrder` and `addPriorityFee` return it: `ASSIGNING_DRIVER`, without a
 * driver. With a status that has one, it has the driver of `buildDriver()`.
 *
 * @param members replace those of the example; of `priceBreakdown` a part is enough
 *
 * @example
 * buildOrder({ orderId: '1', status: 'ON_GOING' })
 */
export function buildOrder({ priceBreakdown, ...members }: WithPartOfPrice<Order> = {}): Order {
  const { status = 'ASSIGNING_DRIVER' } = members;
  const [pickUp, dropOff] = structuredClone(BUILT_STOPS);
  return {
    orderId: BUILT_ORDER_ID,
    quotationId: BUILT_QUOTATION_ID,
    driverId: WITH_DRIVER.includes(status) ? BUILT_DRIVER_ID : '',
    shareLink: BUILT_SHARE_LINK,
    distance: { value: '34260', unit: 'm' },
    stops: [
      { coordinates: pickUp.coordinates, address: pickUp.address, name: 'Shop', phone: '+85221234567' },
      { coordinates: dropOff.coordinates, address: dropOff.address, name: 'Ada', phone: '+85251234567' },
    ],
    metadata: {},
    ...members,
    status,
    priceBreakdown: { ...builtPrice(), ...priceBreakdown },
  };
}
