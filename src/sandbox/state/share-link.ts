import type { SandboxWorld } from './sandbox-world.js';
import type { Tenant } from './tenant.js';

/** The tracking link of an order. It has the form of a real one, but leads nowhere. */
export function shareLink(world: SandboxWorld, { market }: Tenant, orderId: string, language: string): string {
  const sign = world.random.uuid('ids').replaceAll('-', '');
  return `https://share.sandbox.lalamove.com?${market}${orderId}&lang=${language}&sign=${sign}&source=api_wrapper`;
}
