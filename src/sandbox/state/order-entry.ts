import type { Order } from '../../api/answers/order.js';
import type { DriverScript, DriverStep } from '../simulation/driver-script.js';
import type { Point } from './route.js';
import type { Tenant } from './tenant.js';

/** The sender or a recipient, as the request named them. */
export interface StopContact {
  readonly name: string;
  /** E.164. */
  readonly phone: string;
  readonly remarks?: string;
}

/** A courier. */
export interface Courier {
  readonly driverId: string;
  readonly name: string;
  /** E.164. */
  readonly phone: string;
  readonly plateNumber: string;
  /** The current movement: the position at `from.at` and the position at `to.at`, both in Unix ms. */
  way: { from: Point & { at: number }; to: Point & { at: number } };
}

/** An order, with the data that the API does not return. */
export interface OrderEntry {
  readonly tenant: Tenant;
  /** UN/LOCODE of the city that serves it. */
  readonly locode: string;
  readonly language: string;
  readonly serviceType: string;
  /** The number of special requests. */
  readonly specialRequests: number;
  /** The body of `GET /v3/orders/:id`. It is replaced, never changed in place. */
  order: Order;
  /** One for each stop, in the order of the stops. */
  contacts: readonly StopContact[];
  metres: number;
  /** In the market's smallest units. */
  priorityFee: number | undefined;
  /** The amount that the wallet has paid for it, in the market's smallest units. */
  charged: number;
  /** The pick-up time in Unix ms. */
  readonly scheduleAt: number;
  /** Unix ms. */
  readonly placedAt: number;
  /** Unix ms of the last match with a courier. */
  matchedAt: number | undefined;
  /** Unix ms when the courier arrived at the pick-up. */
  arrivedAt: number | undefined;
  /** Unix ms when the search for a courier began. The order expires 2 hours later. */
  soughtSince: number;
  /** Unix ms when a courier gave the order back for the first time. */
  firstReturnAt: number | undefined;
  rejections: number;
  courier: Courier | undefined;
  isEdited: boolean;
  /** Whether the order was placed with `isPODEnabled`. */
  readonly isProofEnabled: boolean;
  /** The drop-offs that are delivered or failed; 1 is the first. */
  finished: readonly number[];
  /** The magic values in its metadata and remarks. */
  readonly magic: readonly string[];
  /** The script that was set for this order alone. */
  script: DriverScript | undefined;
  /** The steps that the courier has still to do. */
  steps: readonly DriverStep[];
  /** The number of the current script run. Scheduled steps of earlier runs are ignored. */
  run: number;
  /** Whether customer service is about to replace it. Then the amount paid moves to the new order. */
  isBeingReplaced: boolean;
  /** The id of the order that replaces this one. */
  replacedBy?: string;
  /** The id of the order that this one replaces. */
  replaces?: string;
}
