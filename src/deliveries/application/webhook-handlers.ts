import type { LalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { LalamoveEventHandler } from '../../webhooks/inbox/lalamove-inbox.js';
import { readWebhook } from './webhook-updates.js';

/** The `@OnLalamoveEvent` methods. They are known after the app has started. */
export class WebhookHandlers {
  #handlersOf: ((event: LalamoveEvent) => readonly LalamoveEventHandler[]) | undefined;

  /** @param handlersOf returns the handlers of an event */
  use(handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[]): void {
    this.#handlersOf = handlersOf;
  }

  /** Whether an event has a handler; `true` until the handlers are known. */
  isWanted(event: LalamoveEvent): boolean {
    return !this.#handlersOf || this.#handlersOf(event).length > 0;
  }

  /**
   * Reads a stored webhook and finds its handlers.
   *
   * @throws UnreadableRow if the row cannot be read
   */
  ofStored(row: { readonly id: number; readonly payload: string }): {
    event: LalamoveEvent;
    handlers: readonly LalamoveEventHandler[];
  } {
    const { event } = readWebhook(row);
    return { event, handlers: this.#handlersOf?.(event) ?? [] };
  }
}
