import type { Tone } from '../shared/elements.js';

const LIVE: readonly string[] = ['ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP', 'DELIVERING'];

/** Whether an order costs money and has, or may still get, a courier. */
export function isLive(status: string): boolean {
  return LIVE.includes(status);
}

/** The colour of an order's status. */
export function toneOfOrder(status: string): Tone {
  if (status === 'COMPLETED') return 'good';
  if (status === 'ASSIGNING_DRIVER') return 'warn';
  return isLive(status) ? 'info' : 'bad';
}

/** The colour of an answer's status. */
export function toneOfAnswer(status: number | undefined): Tone {
  if (status === undefined) return 'warn';
  if (status < 300) return 'good';
  return status < 500 ? 'warn' : 'bad';
}

/** The colour of the state of an event. */
export function toneOfEvent(state: string): Tone {
  if (state === 'delivered') return 'good';
  return state === 'pending' ? 'warn' : 'bad';
}
