import { describe, expect, it, jest } from '@jest/globals';
import { LalamoveService } from '../lalamove.service.js';
import { ENDPOINTS } from '../api/endpoints.js';
import { buildOrder } from './builders/build-order.js';
import { builtReads, createLalamoveMock } from './lalamove-mock.js';

describe('createLalamoveMock', () => {
  it('answers and records what it is given', async () => {
    const lalamove = createLalamoveMock({ getOrder: (orderId) => Promise.resolve(buildOrder({ orderId })) });
    expect(await lalamove.getOrder('7', { timeoutMs: 10 })).toMatchObject({ orderId: '7', status: 'ASSIGNING_DRIVER' });
    expect(lalamove.calls).toEqual([{ method: 'getOrder', args: ['7', { timeoutMs: 10 }] }]);
    expect(lalamove.callsOf('getOrder')[0]?.[0]).toBe('7');
    expect(lalamove.callsOf('placeOrder')).toEqual([]);
    lalamove.clearCalls();
    expect(lalamove.calls).toEqual([]);
  });

  it('is a LalamoveService, so that it can be injected for it', () => {
    expect(createLalamoveMock()).toBeInstanceOf(LalamoveService);
  });

  it.each(Object.keys(ENDPOINTS))('explains a call of %s that has no answer, and records it', async (name) => {
    const lalamove = createLalamoveMock();
    const method: unknown = Reflect.get(lalamove, name);
    if (typeof method !== 'function') throw new TypeError(`${name} is no method.`);
    const message = new RegExp(`LalamoveService\\.${name}\\(\\) was called, .* no answer .* assign mock\\.${name}`);
    await expect(Reflect.apply(method, lalamove, ['1'])).rejects.toThrow(message);
    expect(lalamove.calls).toEqual([{ method: name, args: ['1'] }]);
  });

  it('records functions that are assigned later', async () => {
    const lalamove = createLalamoveMock();
    lalamove.cancelOrder = () => Promise.resolve();
    await lalamove.cancelOrder('1');
    expect(lalamove.callsOf('cancelOrder')).toEqual([['1']]);
  });

  it('works with jest.fn, given or assigned, which stays a mock function', async () => {
    const getOrder = jest.fn<LalamoveService['getOrder']>().mockResolvedValue(buildOrder({ status: 'COMPLETED' }));
    const lalamove = createLalamoveMock({ getOrder });
    const cancelOrder = jest.fn<LalamoveService['cancelOrder']>().mockResolvedValue(undefined);
    lalamove.cancelOrder = cancelOrder;
    expect(await lalamove.getOrder('1')).toMatchObject({ status: 'COMPLETED' });
    await lalamove.cancelOrder('1');
    expect(cancelOrder).toHaveBeenCalledTimes(1);
    const held: unknown = Reflect.get(lalamove, 'getOrder');
    expect(held).toHaveBeenCalledWith('1');
    expect(lalamove.calls.map(({ method }) => method)).toEqual(['getOrder', 'cancelOrder']);
  });

  it('works with jest.spyOn, and with its restoration', async () => {
    const lalamove = createLalamoveMock(builtReads);
    const spy = jest.spyOn(lalamove, 'getOrder').mockResolvedValue(buildOrder({ orderId: '9' }));
    expect(await lalamove.getOrder('1')).toMatchObject({ orderId: '9' });
    expect(spy).toHaveBeenCalledWith('1');
    spy.mockRestore();
    expect(await lalamove.getOrder('1')).toMatchObject({ orderId: '1' });
  });

  it('answers all reads with built answers', async () => {
    const lalamove = createLalamoveMock(builtReads);
    expect(await lalamove.getQuotation('5')).toMatchObject({ quotationId: '5', priceBreakdown: { currency: 'HKD' } });
    expect(await lalamove.getDriver('1', '2')).toMatchObject({ driverId: '2' });
    expect(await lalamove.getCities()).toMatchObject([{ locode: 'HK HKG' }]);
  });

  it('records the calls for other accounts', async () => {
    const lalamove = createLalamoveMock(builtReads);
    const keys = { apiKey: 'pk_test_merchant', apiSecret: 'sk_test_merchant', market: 'HK' };
    await lalamove.forAccount(keys).getOrder('1');
    expect(lalamove.calls.map(({ method }) => method)).toEqual(['forAccount', 'getOrder']);
  });

  it('refuses a method that does not exist', () => {
    const stubs = { ...builtReads, getOrders: () => [] };
    expect(() => createLalamoveMock(stubs)).toThrow('LalamoveService has no method getOrders');
  });
});
