import type { Observable } from 'rxjs';
import type { DeliveryCommands } from './application/delivery-commands.js';
import type { DeliveryQueries } from './application/delivery-queries.js';
import type { DeliveriesMetrics } from './deliveries-metrics.js';
import type { TrackedDeliveries } from './application/tracked-deliveries.js';
import type { Delivery, DeliveryPage } from './delivery.js';
import type { DeliveryPosition } from './delivery-position.js';
import type { DeliveryPolicy } from './domain/delivery-policy.js';
import type { DeliveryState } from './domain/delivery-progress.js';
import type { BookDeliveryDto } from './dto/book-delivery.dto.js';
import { checkedBooking } from './dto/booking-input.js';
import { deliveryKey, listQuery, optionsOf, whoActs, type DeliveryAccount } from './dto/method-inputs.js';
import { checkedResolution } from './dto/resolution-input.js';
import type { ResolveDelivery, ResolveDeliveryDto } from './dto/resolve-delivery.dto.js';
import type { DeliveryEvent } from './events/delivery-event.js';
import type { HostTransaction } from './host-transaction.js';
import type { DeliveriesKysely } from './storage/sql/deliveries-schema.js';
import type { TimelineEntry } from './timeline-entry.js';

/** The parts that the service delegates to. */
export interface DeliveriesServiceParts {
  readonly commands: DeliveryCommands;
  readonly queries: DeliveryQueries;
  readonly tracked: Pick<TrackedDeliveries, 'position'>;
  readonly database: DeliveriesKysely;
  /** The policy of a delivery that has none of its own. */
  readonly policy: DeliveryPolicy;
  readonly backup: (path: string) => Promise<void>;
}

/**
 * Books deliveries exactly once and follows them to their end. Inject it anywhere.
 *
 * Every method throws a `LalamoveException` (`InvalidDeliveryException` 422, `DeliveryNotFoundException` 404,
 * `DeliveryConflictException` 409, `DeliveriesStoreException` 503), which the exception filter answers.
 */
export class DeliveriesService {
  // Truly private: no log shows the database.
  readonly #parts: DeliveriesServiceParts;

  /** Made by `DeliveriesModule`. */
  constructor(parts: DeliveriesServiceParts) {
    this.#parts = parts;
  }

  /**
   * The database, for the host's own transactions: a booking with `{ trx }` is committed or rolled back with the host's
   * own rows.
   */
  get database(): DeliveriesKysely {
    return this.#parts.database;
  }

  /**
   * Stores a delivery and returns as soon as it is committed. The order is placed right after. The same request with
   * the same reference returns the existing delivery in its current state: called twice, ten times at once or again
   * after a crash, it places one order.
   *
   * @param options `trx`: an open transaction of the host that commits the booking: a Kysely transaction on
   * {@link database}; with PostgreSQL also one of the host's own Kysely, or a client of `pg`
   * @throws InvalidDeliveryException with a pointer for each fault; `/trx` if `trx` is no open transaction on
   * {@link database}
   * @throws DeliveryConflictException if the reference was used for a different request
   */
  async book(input: BookDeliveryDto, options: { trx?: HostTransaction } = {}): Promise<Delivery> {
    const { commands, policy } = this.#parts;
    return commands.book(checkedBooking(input, policy), optionsOf(options).trx ?? undefined);
  }

  /** The delivery of a reference, or `null`. */
  async find(reference: string, options: DeliveryAccount = {}): Promise<Delivery | null> {
    return this.#parts.queries.find(deliveryKey(reference, options));
  }

  /** @throws DeliveryNotFoundException */
  async get(reference: string, options: DeliveryAccount = {}): Promise<Delivery> {
    return this.#parts.queries.get(deliveryKey(reference, options));
  }

  /**
   * Cancels a delivery. If its order is just being placed, or the outcome of an attempt is unknown, the order is
   * cancelled as soon as possible. Lalamove may refuse: then the delivery goes on, and `cancellation` says `refused`.
   * A second call changes nothing.
   *
   * @param options `by` says who cancels, as an id of yours; the timeline keeps it
   * @returns the delivery, after the cancellation was tried or stored
   * @throws DeliveryNotFoundException
   * @throws DeliveryConflictException if it has been completed, or has failed
   */
  async cancel(reference: string, options: DeliveryAccount & { by?: string } = {}): Promise<Delivery> {
    return this.#parts.commands.cancel(deliveryKey(reference, options), whoActs(options));
  }

  /**
   * Decides on a delivery that needs attention, after a person has looked into it. The order of an attempt of unknown
   * outcome may be given before the delivery needs attention.
   *
   * With `{ rebook: true, changes }` the request is corrected and booked again under the same reference, if no order of
   * the delivery is active or unknown. The first request and the corrected one are the same delivery for `book`.
   *
   * @param options `ifUnmodifiedSince` is the `updatedAt` that the person has decided on: if the delivery has changed
   * since, nothing is done
   * @throws InvalidDeliveryException with a pointer for each fault, such as `/changes/recipients/0/phone`
   * @throws DeliveryConflictException if there is nothing to be resolved, the delivery has changed since, the order
   * belongs to another delivery, its order may still be active, or its request cannot be corrected
   * @throws LalamoveException if the order cannot be read
   */
  async resolve(
    reference: string,
    resolution: ResolveDelivery | ResolveDeliveryDto,
    options: DeliveryAccount & { ifUnmodifiedSince?: string } = {},
  ): Promise<Delivery> {
    const checked = checkedResolution(resolution, options);
    return this.#parts.commands.resolve(deliveryKey(reference, options), checked);
  }

  /**
   * Lists deliveries, oldest first.
   *
   * @param query `state` and `account` narrow it; `cursor` of the page before; `limit` up to 1000, 100 by default
   * @throws InvalidDeliveryException if one of these cannot be used
   */
  async list(
    query: { state?: DeliveryState; account?: string; cursor?: string; limit?: number } = {},
  ): Promise<DeliveryPage> {
    return this.#parts.queries.list(listQuery(query));
  }

  /**
   * The timeline of a delivery in the order of storage: its own events and Lalamove's webhooks.
   *
   * @throws DeliveryNotFoundException
   */
  async timeline(reference: string, options: DeliveryAccount = {}): Promise<readonly TimelineEntry[]> {
    return this.#parts.queries.timeline(deliveryKey(reference, options));
  }

  /**
   * The events of a delivery that this process commits from now on. It completes when the delivery ends, and errors
   * with `DeliveryNotFoundException`.
   */
  watch(reference: string, options: DeliveryAccount = {}): Observable<DeliveryEvent> {
    return this.#parts.queries.watch(() => deliveryKey(reference, options));
  }

  /**
   * Where the driver of a delivery is. It asks Lalamove only while the delivery is `on_going` or `picked_up`, within
   * the rate limit, and at most every 10 seconds: callers within that time, and at once, share one answer in this
   * process.
   *
   * @returns the last known position if the read fails; `undefined` without a driver, or if none was read yet
   * @throws DeliveryNotFoundException
   */
  async position(reference: string, options: DeliveryAccount = {}): Promise<DeliveryPosition | undefined> {
    return this.#parts.tracked.position(deliveryKey(reference, options));
  }

  /**
   * Erases names, phone numbers, addresses and remarks of a delivery that has ended, in its request and its webhooks.
   * The orders, their times and prices, and the reference stay. Webhooks that were set aside are erased too.
   *
   * @throws DeliveryNotFoundException
   * @throws DeliveryConflictException while the delivery is active, or while its webhooks wait for handlers
   */
  async forget(reference: string, options: DeliveryAccount = {}): Promise<void> {
    await this.#parts.commands.forget(deliveryKey(reference, options));
  }

  /** Counts, for dashboards and alarms. */
  async metrics(): Promise<DeliveriesMetrics> {
    return this.#parts.queries.metrics();
  }

  /**
   * Copies the database to a new file, as a consistent snapshot, while deliveries are worked on. The copy is a complete
   * database of deliveries.
   *
   * @param path of the copy; missing folders are created
   * @throws DeliveriesStoreException if the file exists or cannot be written; no partial file is left then
   */
  async backup(path: string): Promise<void> {
    await this.#parts.backup(path);
  }
}
