import { LalamoveException } from '../../../errors/lalamove.exception.js';
import { driverChangeAsked } from '../../domain/transitions.js';
import type { Decided } from '../delivery-transaction.js';
import type { ActionOf } from '../action-handler.js';
import type { CallContext } from '../call-handler.js';

/** Requests another driver. The next read shows the driver, whether the call succeeds or fails. */
export async function changeDriver(
  { service, persistIntent, persist, step }: CallContext,
  { orderId, driverId }: ActionOf<'change-driver'>,
): Promise<Decided> {
  // Committed before the call, so that the driver is not changed twice.
  await persistIntent((snapshot) => driverChangeAsked(snapshot, orderId, driverId));
  await step('changing_driver');
  try {
    await service.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
  } catch (error) {
    if (!LalamoveException.is(error)) throw error;
  }
  return persist(() => undefined);
}
