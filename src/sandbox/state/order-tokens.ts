import type { OrderStop } from '../../api/answers/order.js';
import type { Tenant } from './sandbox-state.js';
import type { SandboxWorld } from './sandbox-world.js';

/** Where a recipient can follow an order: opaque, but for its form. */
export function shareLink(world: SandboxWorld, { market }: Tenant, orderId: string, language: string): string {
  const sign = world.random.uuid('ids').replaceAll('-', '');
  return `https://share.sandbox.lalamove.com?${market}${orderId}&lang=${language}&sign=${sign}&source=api_wrapper`;
}

/** What a stop has that wants no code (observed). */
export const NO_DELIVERY_CODE = { value: '', status: 'Not Applicable' } as const;

/** The code that a recipient tells the driver: four digits. */
export function deliveryCode(world: SandboxWorld): { value: string; status: string } {
  return { value: String(world.random.below('ids', 10_000)).padStart(4, '0'), status: 'Pending' };
}

/** Whether a recipient has a code to tell. */
export function hasDeliveryCode({ delivery_code: code }: Pick<OrderStop, 'delivery_code'>): boolean {
  return code !== undefined && code.value !== '';
}
