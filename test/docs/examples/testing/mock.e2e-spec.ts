import { expect, it } from '@jest/globals';
import { createLalamoveException } from 'nestjs-lalamove';
import { buildOrder, builtReads, createLalamoveMock } from 'nestjs-lalamove/testing';
import { OrdersController } from '../quick-start/orders.controller.js';

it('shows the order', async () => {
  const getOrder = (orderId: string) => Promise.resolve(buildOrder({ orderId, status: 'PICKED_UP' }));
  const lalamove = createLalamoveMock({ getOrder });
  expect(await new OrdersController(lalamove).track('1')).toMatchObject({ orderId: '1', status: 'PICKED_UP' });
  expect(lalamove.callsOf('getOrder')).toEqual([['1']]);
});

it('answers 404 for an order that Lalamove does not know', async () => {
  const lalamove = createLalamoveMock(builtReads);
  lalamove.getOrder = () => Promise.reject(createLalamoveException('ERR_ORDER_NOT_FOUND'));
  await expect(new OrdersController(lalamove).track('1')).rejects.toMatchObject({ status: 404 });
});
