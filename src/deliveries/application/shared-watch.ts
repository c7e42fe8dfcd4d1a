import type { Observable, Subscriber, Subscription } from 'rxjs';
import { detached } from '../../internal/async-context.js';
import { isTerminal } from '../domain/delivery-progress.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import { readDeliveryEvent } from '../storage/read-delivery-event.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import type { CommittedEvent } from './delivery-transaction.js';

/** A lost signal delays an event by at most this time, in ms. */
const POLL_MS = 2000;

/** What a {@link SharedWatch} needs. */
export interface SharedWatchParts {
  readonly storage: Pick<DeliveriesStorage, 'signals' | 'eventsAfter' | 'lastEventId'>;
  /** The events that this process commits. */
  readonly committed: Observable<CommittedEvent>;
  /** @throws DeliveryNotFoundException */
  readonly find: () => Promise<DeliveryRecord>;
  readonly subscriber: Subscriber<DeliveryEvent>;
}

/**
 * Reads the new events of a delivery from a database that several processes use. It looks when this process commits an
 * event, when another one signals it, and at an interval, because a signal may be lost.
 */
export class SharedWatch {
  #record: DeliveryRecord | undefined;
  /** The id of the last event that was read. */
  #last = 0;
  #isLooking = false;
  #looksAgain = false;
  #isStopped = false;
  readonly #triggers: Subscription[] = [];
  #poll: NodeJS.Timeout | undefined;

  constructor(private readonly parts: SharedWatchParts) {}

  start(): void {
    this.#begin().catch((error: unknown) => {
      this.parts.subscriber.error(error);
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#poll);
    for (const trigger of this.#triggers) trigger.unsubscribe();
  }

  async #begin(): Promise<void> {
    const { storage, committed, find, subscriber } = this.parts;
    const { id } = await find();
    this.#last = await storage.lastEventId(id);
    // Read again: the delivery may have ended before its last event was read.
    const record = await find();
    if (isTerminal(record.state)) subscriber.complete();
    if (this.#isStopped || isTerminal(record.state)) return;
    this.#record = record;
    const look = (about: { readonly deliveryId: string }): void => {
      if (about.deliveryId === id) this.#look();
    };
    this.#triggers.push(committed.subscribe(look));
    if (storage.signals) this.#triggers.push(storage.signals.received.subscribe(look));
    this.#poll = detached(() =>
      setInterval(() => {
        this.#look();
      }, POLL_MS),
    );
    this.#poll.unref();
    this.#look();
  }

  /** Reads new events. Two reads do not overlap, so the events stay in order. */
  #look(): void {
    this.#looksAgain = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    void this.#readAll().finally(() => {
      this.#isLooking = false;
    });
  }

  async #readAll(): Promise<void> {
    const record = this.#record;
    while (record && this.#looksAgain && !this.#isStopped) {
      this.#looksAgain = false;
      try {
        for (const row of await this.parts.storage.eventsAfter(record.id, this.#last)) {
          this.#last = row.id;
          this.parts.subscriber.next(readDeliveryEvent(row, record));
        }
      } catch {
        // The next poll reads them. An unreadable event is reported by the outbox, and left out here.
      }
    }
  }
}
