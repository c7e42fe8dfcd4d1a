import { Observable, takeWhile, type Subscriber } from 'rxjs';
import { captureContext } from '../../internal/async-context.js';
import { isTerminal } from '../domain/delivery-progress.js';
import type { DeliveryKey } from '../dto/method-inputs.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import { SharedWatch } from './shared-watch.js';
import type { DeliveryTransactions } from './delivery-transactions.js';

/** What a watch of a delivery needs. */
export interface WatchParts {
  readonly deliveries: Pick<DeliveryTransactions, 'storage' | 'committed'>;
  /** Returns the key of the delivery. If it throws, the subscriber gets the error. */
  readonly keyOf: () => DeliveryKey;
  /** @throws DeliveryNotFoundException */
  readonly find: (key: DeliveryKey) => Promise<DeliveryRecord>;
}

/** The events that end a delivery. */
const ENDS: ReadonlySet<string> = new Set(['completed', 'canceled', 'failed']);

/** The events of a delivery from now on, whichever process commits them. It completes when the delivery ends. */
export function watchDelivery(parts: WatchParts): Observable<DeliveryEvent> {
  const { storage } = parts.deliveries;
  return new Observable((all: Subscriber<DeliveryEvent>) => {
    // Another caller commits the event, so the async context of the subscriber is captured here.
    const run = captureContext();
    const key = parts.keyOf();
    const events = storage.signals ? sharedEvents(parts, key) : localEvents(parts, key);
    return events
      .pipe(
        // By event type, not by state: all events of the last commit (for example a driver) have the final state.
        takeWhile(({ type }) => !ENDS.has(type), true),
      )
      .subscribe({
        next: (event) => {
          run(() => {
            all.next(event);
          });
        },
        complete: () => {
          run(() => {
            all.complete();
          });
        },
        error: (error: unknown) => {
          run(() => {
            all.error(error);
          });
        },
      });
  });
}

/** The events that this process commits, in the order of the commits. */
function localEvents({ deliveries, find }: WatchParts, key: DeliveryKey): Observable<DeliveryEvent> {
  return new Observable((subscriber) => {
    const isOurs = ({ reference, account = '' }: DeliveryEvent): boolean =>
      reference === key.reference && account === key.account;
    const committed = deliveries.committed.subscribe(({ event }) => {
      if (isOurs(event)) subscriber.next(event);
    });
    completeIfEnded(find(key), subscriber);
    return committed;
  });
}

/** The events that any process commits, read from the database in their order. */
function sharedEvents({ deliveries, find }: WatchParts, key: DeliveryKey): Observable<DeliveryEvent> {
  return new Observable((subscriber) => {
    const { storage, committed } = deliveries;
    const watch = new SharedWatch({ storage, committed, find: () => find(key), subscriber });
    watch.start();
    return () => {
      watch.stop();
    };
  });
}

function completeIfEnded(found: Promise<DeliveryRecord>, subscriber: Subscriber<DeliveryEvent>): void {
  found.then(
    ({ state }) => {
      if (isTerminal(state)) subscriber.complete();
    },
    (error: unknown) => {
      subscriber.error(error);
    },
  );
}
