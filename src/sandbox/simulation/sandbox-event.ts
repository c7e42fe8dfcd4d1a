import type { OrderStatus } from '../../api/order-status.js';
import type { OrderStop } from '../../api/answers/order.js';
import type { CancelParty } from './driver-script.js';
import type { OrderEntry } from '../state/order-entry.js';
import type { Tenant } from '../state/tenant.js';

/** A change that Lalamove reports by webhook. */
export type SandboxEvent =
  | { readonly type: 'ORDER_CREATED'; readonly entry: OrderEntry }
  | {
      readonly type: 'ORDER_STATUS_CHANGED';
      readonly entry: OrderEntry;
      /** Empty for the first event of an order. */
      readonly previousStatus: OrderStatus | '';
      readonly cancelParty?: CancelParty | undefined;
      readonly cancelReason?: string | undefined;
    }
  | { readonly type: 'DRIVER_ASSIGNED'; readonly entry: OrderEntry }
  | { readonly type: 'ORDER_AMOUNT_CHANGED'; readonly entry: OrderEntry }
  | { readonly type: 'ORDER_REPLACED'; readonly entry: OrderEntry; readonly prevOrderId: string }
  | {
      readonly type: 'ORDER_EDITED';
      readonly entry: OrderEntry;
      readonly previousStops: readonly OrderStop[];
      readonly editParty: CancelParty;
    }
  | { readonly type: 'WALLET_BALANCE_CHANGED'; readonly tenant: Tenant }
  | { readonly type: 'POD_STATUS_CHANGED'; readonly entry: OrderEntry }
  | { readonly type: 'POP_STATUS_CHANGED'; readonly entry: OrderEntry; readonly imageUrls: readonly string[] }
  | { readonly type: 'DELIVERY_CODE_STATUS_CHANGED'; readonly entry: OrderEntry };

/** The account and market of an event. */
export function tenantOf(sandboxEvent: SandboxEvent): Tenant {
  return 'entry' in sandboxEvent ? sandboxEvent.entry.tenant : sandboxEvent.tenant;
}
