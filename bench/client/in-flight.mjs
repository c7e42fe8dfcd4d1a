// The load: a number of calls, with a number of them at a time.
import { ORDER_ID } from './samples.mjs';

export const IN_FLIGHT = 50;

/** @param {() => Promise<object>} call must bring the order of the samples */
export async function inFlight(call, calls) {
  let next = 0;
  const worker = async () => {
    while (next < calls) {
      next += 1;
      const order = await call();
      // The official SDK renames it.
      if ((order.orderId ?? order.id) !== ORDER_ID) throw new Error('This is not the order that was sent.');
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}
