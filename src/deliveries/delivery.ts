import type { DeliveryProgress, DeliveryState } from './domain/delivery-progress.js';
import type { DeliveryRecord } from './storage/delivery-record.js';

/** A delivery as its host sees it. Secrets are nowhere in it, names and addresses neither. */
export interface Delivery {
  readonly reference: string;
  /** `undefined` for the default account. */
  readonly account: string | undefined;
  readonly state: DeliveryState;
  /** Why it needs attention, or has failed. */
  readonly reason: DeliveryProgress['reason'];
  /** The live order, or the last one. */
  readonly orderId: string | undefined;
  /** Lalamove's own status of it. */
  readonly orderStatus: string | undefined;
  readonly driverId: string | undefined;
  /** Orders beside it that may be on their way: of attempts that were given up, and turned up late. */
  readonly duplicateOrders: readonly { readonly orderId: string; readonly orderStatus: string }[];
  /** An opaque URL where the recipient can follow the order. */
  readonly shareLink: string | undefined;
  /** What it costs, or would cost: decimal string, priority fee included. */
  readonly price: { readonly total: string; readonly currency: string } | undefined;
  /** How many orders have been placed for it, or may have been. */
  readonly attempts: number;
  /** Whether a cancellation was asked for; `refused` where Lalamove did not allow it any more. */
  readonly cancellation: 'none' | 'asked' | 'refused';
  readonly metadata: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it is looked at again: ISO 8601; `undefined` where nothing is to be done. */
  readonly dueAt: string | undefined;
}

/** What the host sees of a record. */
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

/** The name of an account as a host sees it: `undefined` for the default one, which is stored as an empty text. */
export function accountName(account: string): string | undefined {
  return account === '' ? undefined : account;
}

/** A page of deliveries, the oldest first. */
export interface DeliveryPage {
  readonly deliveries: readonly Delivery[];
  /** For the next page; `undefined` on the last one. */
  readonly cursor: string | undefined;
  /** Deliveries of this page whose rows cannot be read: `get` says what is wrong with one, and what to do. */
  readonly unreadable: readonly { readonly reference: string; readonly account: string | undefined }[];
}
