import { describe, expect, it } from '@jest/globals';
import { LalamoveException, type LalamoveService, type Order } from 'nestjs-lalamove';
import { ORDER } from '../support/inputs.js';
import { failureOf, KEYS } from '../support/lalamove.js';
import { withRawLalamove } from './raw-lalamove.js';
import { http, type RawHandler } from '../support/raw-server.js';

/** Functions of a host, with names that no other code has. */
async function shipTheParcel(lalamove: LalamoveService): Promise<Order> {
  return await lalamove.placeOrder(ORDER);
}

async function lookForTheParcel(lalamove: LalamoveService): Promise<Order> {
  const order = await lalamove.getOrder('1');
  return order;
}

const REFUSED: RawHandler = (socket) => socket.write(http(422, '{"errors":[{"id":"ERR_INVALID_FIELD"}]}'));
const BROKEN: RawHandler = (socket) => socket.destroy();
const RETRY = { maxAttempts: 3, baseDelayMs: 1 };

describe('the stack of a rejected call', () => {
  it.each<[string, RawHandler, (lalamove: LalamoveService) => Promise<unknown>, RegExp]>([
    ['a refusal', REFUSED, shipTheParcel, /^InvalidRequestException: .*at (async )?shipTheParcel/s],
    ['an unknown outcome', BROKEN, shipTheParcel, /^LalamoveOutcomeUnknownException: .*at (async )?shipTheParcel/s],
    ['what was repeated', BROKEN, lookForTheParcel, /^LalamoveConnectionException: .*at (async )?lookForTheParcel/s],
    [
      'another account',
      REFUSED,
      (lalamove) => lookForTheParcel(lalamove.forAccount({ ...KEYS, apiKey: 'pk_test_other' })),
      /at (async )?lookForTheParcel/,
    ],
    [
      'what is refused before it is sent',
      REFUSED,
      (lalamove) => shipTheParcel(lalamove.forAccount({ ...KEYS, market: 'TH' })),
      /shipTheParcel/,
    ],
  ])('contains the caller: %s', async (_, handle, call, stack) => {
    await withRawLalamove(handle, { retry: RETRY }, async (lalamove) => {
      expect((await failureOf(call(lalamove))).stack).toMatch(stack);
    });
  });

  it('does not change if a hook has frozen the exception', async () => {
    const onResponse = ({ error }: { error?: unknown }): void => void Object.freeze(error);
    await withRawLalamove(BROKEN, { retry: RETRY, hooks: { onResponse } }, async (lalamove) => {
      const error = await failureOf(shipTheParcel(lalamove));
      expect(LalamoveException.is(error)).toBe(true);
      expect(error.name).toBe('LalamoveOutcomeUnknownException');
    });
  });

  it.each<[string, () => unknown]>([
    ['a list', () => ['frame']],
    ['nothing', () => undefined],
    [
      'a fault',
      () => {
        throw new Error('no frames');
      },
    ],
  ])('does not change the error if Error.prepareStackTrace returns %s', async (_, prepare) => {
    await withRawLalamove(BROKEN, { retry: RETRY }, async (lalamove) => {
      const before: unknown = Reflect.get(Error, 'prepareStackTrace');
      const failed = shipTheParcel(lalamove).catch((error: unknown) => error);
      Error.prepareStackTrace = prepare;
      try {
        const error = await failed;
        expect([LalamoveException.is(error), (error as Error).name]).toEqual([true, 'LalamoveOutcomeUnknownException']);
      } finally {
        Reflect.set(Error, 'prepareStackTrace', before);
      }
    });
  });

  it('contains a caller of the host that has the same name as a method of the library', async () => {
    class Shop {
      async book(lalamove: LalamoveService): Promise<unknown> {
        return await this.#callCourier(lalamove);
      }
      async #callCourier(lalamove: LalamoveService): Promise<unknown> {
        return await lalamove.placeOrder(ORDER);
      }
    }
    await withRawLalamove(REFUSED, { retry: RETRY }, async (lalamove) => {
      const { stack } = await failureOf(new Shop().book(lalamove));
      expect(stack).toMatch(/at (async )?(Shop)?\.?#callCourier /);
      expect(stack).not.toMatch(/LalamoveService\.#call |withCallersFrames/);
    });
  });
});
