import type { DeliveryEvent } from '../../deliveries/events/delivery-event.js';
import type { TrackingEntry, TrackingEntryKind } from '../tracking-view.js';

/** How the recipient's own stop has ended. */
export interface OwnEnd {
  readonly kind: 'delivered' | 'not_delivered';
  /** ISO 8601; `undefined` if only the whole delivery's end is known. */
  readonly at: string | undefined;
}

/** What has happened, in the recipient's words. Events that only concern the host are left out. */
export function recipientTimeline(events: readonly DeliveryEvent[], ownEnd: OwnEnd | undefined): TrackingEntry[] {
  const entries: TrackingEntry[] = [];
  let drivers = 0;
  let hasDriver = false;
  for (const event of events) {
    const kind = kindOf(event);
    if (kind === undefined) continue;
    if (event.type === 'driver_assigned') {
      drivers += 1;
      hasDriver = true;
    }
    if (event.type === 'assigning') hasDriver = false;
    // The first search for a driver begins with the booking of the order.
    if (entries.at(-1)?.kind !== kind) entries.push({ kind, at: event.at });
  }
  return withOwnEnd(entries, ownEnd);

  function kindOf(event: DeliveryEvent): TrackingEntryKind | undefined {
    switch (event.type) {
      case 'requested':
        return 'booked';
      case 'assigning':
        return hasDriver ? 'driver_left' : 'finding_driver';
      case 'driver_assigned':
        return drivers === 0 ? 'driver_found' : 'driver_changed';
      case 'picked_up':
        return 'picked_up';
      case 'completed':
        return ownEnd?.kind ?? 'delivered';
      case 'canceled':
        return 'canceled';
      case 'failed':
        return 'failed';
      case 'needs_attention':
        return 'delayed';
      default:
        return undefined;
    }
  }
}

/** The own stop may have ended before the delivery did. */
function withOwnEnd(entries: readonly TrackingEntry[], ownEnd: OwnEnd | undefined): TrackingEntry[] {
  const { kind, at } = ownEnd ?? {};
  if (kind === undefined || at === undefined) return [...entries];
  const others = entries.filter((entry) => entry.kind !== kind);
  const later = others.findIndex((entry) => entry.at > at);
  // Never before the pick-up, whatever the clocks say.
  const pickedUp = others.findLastIndex((entry) => entry.kind === 'picked_up');
  const place = Math.max(later === -1 ? others.length : later, pickedUp + 1);
  return [...others.slice(0, place), { kind, at }, ...others.slice(place)];
}
