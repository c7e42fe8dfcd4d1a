import type { OrderStop } from '../../api/answers/order.js';
import type { SandboxWorld } from './sandbox-world.js';

/** The value of a stop that needs no delivery code (observed). */
export const NO_DELIVERY_CODE = { value: '', status: 'Not Applicable' } as const;

/** A new delivery code of four digits, which the recipient tells the driver. */
export function deliveryCode(world: SandboxWorld): { value: string; status: string } {
  return { value: String(world.random.below('ids', 10_000)).padStart(4, '0'), status: 'Pending' };
}

/** Whether a stop needs a delivery code. */
export function hasDeliveryCode({ delivery_code: code }: Pick<OrderStop, 'delivery_code'>): boolean {
  return code !== undefined && code.value !== '';
}
