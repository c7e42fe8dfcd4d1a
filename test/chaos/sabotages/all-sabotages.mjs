import { BOOKING } from './booking.mjs';
import { ORDERS } from './orders.mjs';
import { POSTGRES, SQL, SQLITE } from './storage.mjs';
import { WORK } from './work.mjs';

/**
 * Every sabotage of the sources.
 *
 * @type {readonly import('./sabotage.mjs').Sabotage[]}
 */
export const SABOTAGES = [...BOOKING, ...ORDERS, ...WORK, ...SQL, ...SQLITE, ...POSTGRES];
