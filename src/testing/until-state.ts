import type { Delivery } from '../deliveries/delivery.js';
import type { DeliveryState } from '../deliveries/domain/delivery-progress.js';

/** The method of `DeliveriesService` that is used. */
export interface ReadableDeliveries {
  /** Reads a delivery by its reference. */
  get(reference: string, options?: { account?: string }): Promise<Delivery>;
}

/** Options of {@link untilState}. */
export interface UntilStateOptions {
  /** The account of the reference. By default the default account. */
  readonly account?: string;
  /**
   * How long to wait, in ms of real time.
   *
   * @default 4000, less than the 5000 after which Jest and Vitest end a test without saying why
   */
  readonly timeoutMs?: number;
}

/** The states that a delivery does not leave by itself. */
const ENDS: readonly DeliveryState[] = ['completed', 'canceled', 'failed', 'needs_attention'];

const POLL_MS = 10;

// Taken before a test can replace them by fake timers.
const { setTimeout: realSetTimeout, performance: realPerformance } = globalThis;

/**
 * Waits until a delivery is in a state, because deliveries are worked on in the background. With a sandbox whose orders
 * stand still, advance its clock or move its order first.
 *
 * @param state one state, or several of which one is enough
 * @throws Error if the delivery ends in another state, or is not in the state in time; the message has the reason
 * @throws DeliveryNotFoundException
 *
 * @example
 * await deliveries.book(booking);
 * await untilState(deliveries, 'A-1', 'assigning');
 */
export async function untilState(
  deliveries: ReadableDeliveries,
  reference: string,
  state: DeliveryState | readonly DeliveryState[],
  { account, timeoutMs = 4000 }: UntilStateOptions = {},
): Promise<Delivery> {
  const states: readonly DeliveryState[] = typeof state === 'string' ? [state] : state;
  const until = realPerformance.now() + timeoutMs;
  for (;;) {
    const delivery = await deliveries.get(reference, account === undefined ? {} : { account });
    if (states.includes(delivery.state)) return delivery;
    if (ENDS.includes(delivery.state)) throw new Error(`${described(delivery)}, and not ${states.join(' or ')}.`);
    if (realPerformance.now() > until) {
      const late = `${described(delivery)} after ${timeoutMs} ms, and not ${states.join(' or ')}.`;
      throw new Error(`${late}${attemptOf(delivery)} If it waits for time to pass, advance the sandbox's clock.`);
    }
    await new Promise((resolve) => realSetTimeout(resolve, POLL_MS));
  }
}

/** A later attempt has a new order, so a test that moved the first one waits in vain. */
function attemptOf({ attempts }: Delivery): string {
  return attempts < 2 ? '' : ` It is at attempt ${attempts}, with a new order.`;
}

function described({ reference, state, reason, orderStatus }: Delivery): string {
  const order = orderStatus === undefined ? '' : ` (its order is ${orderStatus})`;
  const why = reason ? `: ${reason.code}, ${reason.message}` : '';
  return `The delivery ${JSON.stringify(reference)} is ${state}${order}${why}`;
}
