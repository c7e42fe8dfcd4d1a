import type { DeliveryState } from '../../deliveries/domain/delivery-progress.js';
import type { Tone } from '../shared/elements.js';

/** The lists of the board: what needs attention first. */
export const FILTERS = [
  'attention',
  'active',
  'all',
  'preparing',
  'assigning',
  'on_going',
  'picked_up',
  'completed',
  'canceled',
  'failed',
] as const;

/** One of {@link FILTERS}. */
export type Filter = (typeof FILTERS)[number];

/** States that last seconds, if nothing is wrong. */
const PREPARING: readonly DeliveryState[] = ['requested', 'quoting', 'booking'];
const ACTIVE: readonly DeliveryState[] = [...PREPARING, 'assigning', 'on_going', 'picked_up'];
const ENDED: readonly DeliveryState[] = ['completed', 'canceled', 'failed'];

/** The states of a list; all states if empty. */
export function statesOf(filter: Filter): readonly DeliveryState[] {
  if (filter === 'all') return [];
  if (filter === 'attention') return ['needs_attention'];
  if (filter === 'preparing') return PREPARING;
  return filter === 'active' ? ACTIVE : [filter];
}

export function isEnded(state: DeliveryState): boolean {
  return ENDED.includes(state);
}

/** Whether a driver may be on the way. */
export function isMoving(state: DeliveryState): boolean {
  return state === 'on_going' || state === 'picked_up';
}

/** The names of states and lists. */
export const TITLES: Readonly<Record<Filter | DeliveryState, string>> = {
  attention: 'Needs attention',
  needs_attention: 'Needs attention',
  active: 'Under way',
  preparing: 'Preparing',
  requested: 'Requested',
  quoting: 'Quoting',
  booking: 'Booking',
  assigning: 'Finding a driver',
  on_going: 'To the pick-up',
  picked_up: 'To the drop-off',
  completed: 'Completed',
  canceled: 'Canceled',
  failed: 'Failed',
  all: 'All',
};

const TONES: Readonly<Record<DeliveryState, Tone>> = {
  requested: 'neutral',
  quoting: 'neutral',
  booking: 'info',
  assigning: 'info',
  on_going: 'info',
  picked_up: 'info',
  completed: 'good',
  canceled: 'neutral',
  failed: 'bad',
  needs_attention: 'warn',
};

export function toneOf(state: DeliveryState): Tone {
  return TONES[state];
}

/** What each list says if it is empty. */
export function emptyText(filter: Filter): { readonly title: string; readonly text: string } {
  if (filter === 'attention')
    return { title: 'Nothing needs attention', text: 'A delivery that cannot go on without a person appears here.' };
  if (filter === 'all')
    return { title: 'No deliveries yet', text: 'They appear here as soon as your app books one: deliveries.book(…).' };
  return { title: `No delivery is “${TITLES[filter].toLowerCase()}”`, text: 'This list changes by itself.' };
}
