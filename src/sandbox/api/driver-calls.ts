import { CHANGE_DRIVER_REASONS } from '../../api/requests/order-change.dto.js';
import { driverView } from '../state/couriers.js';
import type { Courier, OrderEntry } from '../state/order-entry.js';
import type { SandboxAnswer, SandboxCall } from './sandbox-call.js';
import { requiredString } from './read-fields.js';
import { orderOf } from './order-calls.js';
import { Refusal } from './refusal.js';

const MINUTE_MS = 60_000;
/** The driver is visible from this long before the pick-up time, or from the arrival if that is earlier. */
const SEEN_AHEAD_MS = 60 * MINUTE_MS;
/** The driver can be changed from this long after the match. */
const CHANGEABLE_MS = 15 * MINUTE_MS;

/**
 * `GET /v3/orders/:orderId/drivers/:driverId`: allowed from one hour before the pick-up time, or from the driver's
 * arrival, until completion.
 */
export function getDriver(call: SandboxCall): SandboxAnswer {
  const { entry, courier } = driverOf(call);
  const now = call.world.clock.now();
  const isTooEarly = now < entry.scheduleAt - SEEN_AHEAD_MS && entry.arrivedAt === undefined;
  if (isTooEarly || entry.order.status === 'COMPLETED') throw new Refusal('LALAMOVE_FORBIDDEN');
  return { status: 200, data: driverView(courier, now) };
}

/** `DELETE /v3/orders/:orderId/drivers/:driverId`: allowed from 15 minutes after the match until pick-up. */
export function changeDriver(call: SandboxCall): SandboxAnswer {
  const { entry } = driverOf(call);
  const reason = requiredString(call.data, 'reason');
  if (!CHANGE_DRIVER_REASONS.some((known) => known === reason)) throw new Refusal('ERR_INVALID_FIELD', '/data/reason');
  const sinceMatch = call.world.clock.now() - (entry.matchedAt ?? 0);
  if (entry.order.status !== 'ON_GOING' || sinceMatch < CHANGEABLE_MS) throw new Refusal('ERR_CHANGE_DRIVER');
  call.orders.seekAnother(entry);
  // The next courier starts the script from the beginning.
  call.simulator.begin(entry);
  return { status: 204 };
}

function driverOf(call: SandboxCall): { entry: OrderEntry; courier: Courier } {
  const entry = orderOf(call);
  const { courier } = entry;
  if (!courier || courier.driverId !== call.ids.driverId) throw new Refusal('ERR_DRIVER_NOT_FOUND');
  return { entry, courier };
}
