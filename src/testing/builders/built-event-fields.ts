import type { LalamoveEventType } from '../../webhooks/events/lalamove-event.js';
import { buildDriver } from './build-driver.js';
import { BUILT_ORDER_ID, BUILT_SHARE_LINK, buildOrder } from './build-order.js';

/** The members of the example of each event type. */
export function builtEventFields(type: LalamoveEventType): object {
  const order = { orderId: BUILT_ORDER_ID };
  const placed = { ...order, market: 'HK_HKG', shareLink: BUILT_SHARE_LINK };
  const { driverId, name, phone, plateNumber, photo } = buildDriver();
  const driver = { driverId, name, phone, plateNumber, photo };
  const [pickUp, dropOff] = buildOrder().stops;
  switch (type) {
    case 'ORDER_CREATED':
      return { ...placed, status: 'ASSIGNING_DRIVER', driverId: '' };
    case 'ORDER_STATUS_CHANGED':
      return { ...placed, status: 'ON_GOING', previousStatus: 'ASSIGNING_DRIVER', driverId };
    case 'DRIVER_ASSIGNED':
      return { ...order, driver, location: { lat: 22.2819, lng: 114.1556 } };
    case 'ORDER_AMOUNT_CHANGED':
      return {
        ...order,
        market: 'HK_HKG',
        status: 'ASSIGNING_DRIVER',
        price: { currency: 'HKD', subtotal: '192', priorityFee: '20', totalPrice: '212' },
        balance: BALANCE,
      };
    case 'ORDER_REPLACED':
      return { orderId: '3394517965935703002', prevOrderId: BUILT_ORDER_ID };
    case 'ORDER_EDITED':
      return {
        ...order,
        status: 'ON_GOING',
        stops: [pickUp, { ...dropOff, address: 'Tung Chung' }],
        previousStops: [pickUp, dropOff],
        editParty: 'USER',
        editReason: '',
      };
    case 'WALLET_BALANCE_CHANGED':
      return { balance: BALANCE };
    case 'POD_STATUS_CHANGED':
      return { ...order, stops: [pickUp, { ...dropOff, POD: { status: 'DELIVERED' } }] };
    case 'POP_STATUS_CHANGED':
      return { ...order, stops: [{ POP: { imageUrls: ['https://images.example/pick-up.jpg'] } }, {}] };
    case 'DELIVERY_CODE_STATUS_CHANGED':
      return { ...order, stops: [{}, { deliveryCode: { value: '1234', status: 'Verified' } }] };
    case 'UNKNOWN':
      return {};
  }
}

const BALANCE = { currency: 'HKD', amount: '9808.00' };
