import type { Meter } from '@opentelemetry/api';
import type { Observable } from 'rxjs';
import type { CommittedEvent } from '../deliveries/application/delivery-transaction.js';
import { METRICS } from './metric-names.js';
import { quietly } from './quietly.js';

/**
 * Counts the events of deliveries that this process commits. Accounts are no attribute: a marketplace may have
 * thousands.
 *
 * @returns ends it
 */
export function countDeliveries(meter: Meter, committed: Observable<CommittedEvent>): () => void {
  const counter = (name: string, description: string): ReturnType<Meter['createCounter']> =>
    meter.createCounter(name, { description, unit: '{delivery}' });
  const booked = counter(METRICS.booked, 'Orders that Lalamove has accepted.');
  const ended = counter(METRICS.ended, 'Deliveries that have ended.');
  const outcomesUnknown = counter(METRICS.outcomesUnknown, 'Attempts whose outcome was unknown.');
  const attentionNeeded = counter(METRICS.attentionNeeded, 'Deliveries that needed a person.');
  const count = ({ event }: CommittedEvent): void => {
    switch (event.type) {
      case 'booked':
        booked.add(1);
        return;
      case 'completed':
      case 'canceled':
      case 'failed':
        ended.add(1, { 'lalamove.delivery.state': event.type });
        return;
      case 'outcome_unknown':
        outcomesUnknown.add(1);
        return;
      case 'needs_attention':
        attentionNeeded.add(1, { 'lalamove.delivery.reason': event.reason.code });
        return;
      default:
    }
  };
  // A subscriber that throws would end the process.
  const subscription = committed.subscribe((event) => {
    quietly(() => {
      count(event);
    });
  });
  return () => {
    subscription.unsubscribe();
  };
}
