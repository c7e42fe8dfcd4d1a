import { expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { createLalamoveException, getLalamoveToken } from 'nestjs-lalamove';
import { OrdersController } from './orders.controller.js';

it('answers 404 for an order that Lalamove does not know', async () => {
  const getOrder = () => Promise.reject(createLalamoveException('ERR_ORDER_NOT_FOUND'));
  const module = await Test.createTestingModule({
    controllers: [OrdersController],
    providers: [{ provide: getLalamoveToken(), useValue: { getOrder } }], // or getLalamoveToken('thailand')
  }).compile();
  await expect(module.get(OrdersController).track('1')).rejects.toMatchObject({ status: 404 });
});
