import { BOOKING } from './booking.mjs';
import { ORDERS } from './orders.mjs';
import { WORK } from './work.mjs';

/**
 * Every sabotage of the sources.
 *
 * @type {readonly import('./sabotage.mjs').Sabotage[]}
 */
export const SABOTAGES = [...BOOKING, ...ORDERS, ...WORK];
