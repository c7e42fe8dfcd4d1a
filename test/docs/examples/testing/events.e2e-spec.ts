import { expect, it, jest } from '@jest/globals';
import { buildEvent, createLalamoveMock } from 'nestjs-lalamove/testing';
import { OrdersController } from '../quick-start/orders.controller.js';

it('tracks the order', () => {
  const log = jest.spyOn(console, 'log').mockReturnValue();
  const orders = new OrdersController(createLalamoveMock());
  orders.onStatus(buildEvent('ORDER_STATUS_CHANGED', { orderId: '1', status: 'COMPLETED' }));
  expect(log).toHaveBeenCalledWith(expect.stringContaining('1 is COMPLETED'));
});
