import type { LalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { LalamoveEventHandler } from '../../webhooks/inbox/lalamove-inbox.js';
import { readWebhook } from './webhook-updates.js';

/** The `@OnLalamoveEvent` methods, as soon as the app has started. */
export class WebhookHandlers {
  #handlersOf: ((event: LalamoveEvent) => readonly LalamoveEventHandler[]) | undefined;

  /** @param handlersOf the handlers that an event is for */
  use(handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[]): void {
    this.#handlersOf = handlersOf;
  }

  /** Whether there is a handler for an event; until the handlers are known there may be. */
  isWanted(event: LalamoveEvent): boolean {
    return !this.#handlersOf || this.#handlersOf(event).length > 0;
  }

  /**
   * A stored webhook, and its handlers.
   *
   * @throws UnreadableRow
   */
  ofStored(row: { readonly id: number; readonly payload: string }): {
    event: LalamoveEvent;
    handlers: readonly LalamoveEventHandler[];
  } {
    const { event } = readWebhook(row);
    return { event, handlers: this.#handlersOf?.(event) ?? [] };
  }
}
