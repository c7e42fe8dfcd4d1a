import type { SeededRandom } from '../support/seeded-random.js';
import type { ChaosStep, Kill } from './messages.js';

/** The steps at which hosts are killed. */
const STEPS: readonly ChaosStep[] = [
  'claimed',
  'quoting',
  'quoted',
  'reserving',
  'reserved',
  'posting',
  'posted',
  'committed',
  'reading',
  'read',
  'canceling',
  'canceled',
  'raising_fee',
  'changing_driver',
  'released',
  'event_stored',
  'event_applied',
  'dispatching',
  'dispatched',
  'handling',
  'answered',
];

/** When the next host is killed. */
export function killOf(random: SeededRandom): Kill {
  return random.weighted<Kill>([
    [4, { at: 'step', step: random.pick(STEPS), count: random.between(1, 6) }],
    // What is not committed by then was acknowledged too early.
    [3, { at: 'step', step: 'answered', count: random.between(1, 12) }],
    [2, { at: 'step', step: undefined, count: random.between(1, 80) }],
    [3, { at: 'time', ms: random.between(0, 250) }],
    [2, { at: 'start', ms: random.between(100, 1500) }],
    [1, { at: 'never' }],
  ]);
}
