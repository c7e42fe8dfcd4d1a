import type { LalamoveEventHandlers } from '../../webhooks/events/event-handlers.js';
import type { DeliveryHandlers } from '../events/delivery-handlers.js';
import { isHandled, type HandledTypes } from '../storage/handled-types.js';
import type { DeliveriesStorage } from '../storage/storage.js';

/** The dependencies of {@link AnnouncedTypes}. */
export interface AnnouncedTypesParts {
  readonly storage: Pick<DeliveriesStorage, 'outbox'>;
  readonly deliveryHandlers: Pick<DeliveryHandlers, 'types'>;
  readonly webhookHandlers: Pick<LalamoveEventHandlers, 'types'>;
  /** Whether this process calls its handlers. */
  readonly isWorker: boolean;
}

const NONE: HandledTypes = { delivery: new Set(), webhook: new Set() };

/**
 * The event types that have handlers in any process on the database. An event without handlers is not dispatched, so a
 * process must know the handlers of the others.
 */
export class AnnouncedTypes {
  #all: HandledTypes | undefined;
  /** The types of this app's handlers, which do not change after its start. */
  #own = NONE;

  constructor(private readonly parts: AnnouncedTypesParts) {}

  /** Announces the types of this process, and reads those of the others. It runs at start and with each sweep. */
  async refresh(): Promise<void> {
    const { storage, deliveryHandlers, webhookHandlers, isWorker } = this.parts;
    this.#own = { delivery: deliveryHandlers.types, webhook: webhookHandlers.types };
    this.#all = await storage.outbox.announce(isWorker ? this.#own : NONE);
  }

  /**
   * Whether a type has handlers in any process; `true` until the types are known. The handlers of this app count, even
   * if this process does not call them: a worker of the same app may not have started yet.
   */
  has(source: keyof HandledTypes, type: string): boolean {
    return this.#all === undefined || isHandled(this.#all[source], type) || isHandled(this.#own[source], type);
  }
}
