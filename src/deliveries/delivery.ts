import type { DeliveryProgress, DeliveryState } from './domain/delivery-progress.js';
import type { DeliveryRecord } from './storage/delivery-record.js';

/** A delivery as the host sees it. It contains no secrets, names or addresses. */
export interface Delivery {
  readonly reference: string;
  /** `undefined` for the default account. */
  readonly account: string | undefined;
  readonly state: DeliveryState;
  /** Why the delivery needs attention or has failed. */
  readonly reason: DeliveryProgress['reason'];
  /** The id of the live order, or of the last one if no order is live. */
  readonly orderId: string | undefined;
  /** Lalamove's status of this order. */
  readonly orderStatus: string | undefined;
  readonly driverId: string | undefined;
  /** Other orders that may be active, for example of an attempt that was abandoned before its order became known. */
  readonly duplicateOrders: readonly { readonly orderId: string; readonly orderStatus: string }[];
  /** An opaque URL where the recipient can follow the order. */
  readonly shareLink: string | undefined;
  /** The price of the order, or of the quotation. `total` is a decimal string and includes the priority fee. */
  readonly price: { readonly total: string; readonly currency: string } | undefined;
  /** The number of orders that were placed, or may have been placed, for the delivery. */
  readonly attempts: number;
  /** Whether a cancellation was requested; `refused` if Lalamove no longer allowed it. */
  readonly cancellation: 'none' | 'asked' | 'refused';
  readonly metadata: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The time of the next action: ISO 8601, UTC; `undefined` if there is nothing to do. */
  readonly dueAt: string | undefined;
}

/** Converts a record to the delivery that the host sees. */
export function deliveryOf(record: DeliveryRecord): Delivery {
  const { progress, request } = record;
  const { order, quotation } = progress;
  const price = order && order.total !== '' ? order : quotation;
  return {
    reference: record.reference,
    account: accountName(record.account),
    state: record.state,
    reason: progress.reason,
    orderId: order?.orderId,
    orderStatus: order?.status,
    driverId: order?.driverId === '' ? undefined : order?.driverId,
    duplicateOrders: (progress.duplicates ?? []).map(({ order: { orderId, status } }) => ({
      orderId,
      orderStatus: status,
    })),
    shareLink: order?.shareLink === '' ? undefined : order?.shareLink,
    price: price && { total: price.total, currency: price.currency },
    attempts: progress.booked,
    cancellation: cancellationOf(progress),
    metadata: request?.metadata ?? {},
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    dueAt: record.dueAt === undefined ? undefined : new Date(record.dueAt).toISOString(),
  };
}

function cancellationOf({ cancelAskedAt, cancelRefused }: DeliveryProgress): Delivery['cancellation'] {
  if (cancelAskedAt === undefined) return 'none';
  return cancelRefused ? 'refused' : 'asked';
}

/** The name of an account as the host sees it: `undefined` for the default account, stored as an empty string. */
export function accountName(account: string): string | undefined {
  return account === '' ? undefined : account;
}

/** A page of deliveries, oldest first. */
export interface DeliveryPage {
  readonly deliveries: readonly Delivery[];
  /** The cursor of the next page; `undefined` on the last page. */
  readonly cursor: string | undefined;
  /** Deliveries of this page with unreadable rows. The error that `get` throws contains the cause and the remedy. */
  readonly unreadable: readonly { readonly reference: string; readonly account: string | undefined }[];
}
