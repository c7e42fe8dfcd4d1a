import { Injectable, Logger } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import type { LalamoveEvent } from './lalamove-event.js';
import type { LalamoveEventHandler } from '../inbox/lalamove-inbox.js';
import { exploreHandlers } from '../../nest/handler-explorer.js';
import { invokeHandler, type FoundMethod } from '../../nest/handler-invoker.js';
import { subscriptionsOf, type EventSubscription } from './on-lalamove-event.decorator.js';

/** A handler and its subscriptions. */
interface Handler extends LalamoveEventHandler {
  readonly subscriptions: readonly EventSubscription[];
}

/** The methods with `@OnLalamoveEvent` of all providers and controllers of the app. */
@Injectable()
export class LalamoveEventHandlers {
  readonly #logger = new Logger('LalamoveEvents');
  #handlers: readonly Handler[] = [];

  constructor(private readonly modules: ModulesContainer) {}

  /** Finds the handlers. Call it once Nest has created the instances of the app. */
  find(): void {
    const methods = exploreHandlers(this.modules, subscriptionsOf, this.#logger);
    this.#handlers = methods.map(({ name, found }) => this.#handler(found, name));
  }

  /** All handlers, each with the accounts that its subscriptions name. */
  get all(): readonly { name: string; accounts: readonly string[] }[] {
    return this.#handlers.map(({ name, subscriptions }) => ({
      name,
      accounts: subscriptions.flatMap(({ account }) => account ?? []),
    }));
  }

  /** The event types of all handlers; `'*'` for all types. */
  get types(): ReadonlySet<string> {
    return new Set(this.#handlers.flatMap(({ subscriptions }) => subscriptions.flatMap(({ types }) => types)));
  }

  /** The handlers of an event. */
  readonly of = (event: LalamoveEvent): readonly LalamoveEventHandler[] =>
    this.#handlers.filter(({ subscriptions }) => subscriptions.some((subscription) => matches(subscription, event)));

  #handler(found: FoundMethod<EventSubscription>, name: string): Handler {
    const handle = async (event: LalamoveEvent): Promise<void> => {
      try {
        await invokeHandler(found, event);
      } catch (error) {
        const { eventType, eventId: id, fingerprint } = event;
        const fields = { handler: name, event: eventType, id, fingerprint, error: wordsOf(error) };
        const stack = error instanceof Error ? error.stack : undefined;
        say(this.#logger, 'error', logLine('A handler failed', fields), stack);
        throw error;
      }
    };
    return { name, subscriptions: found.subscriptions, handle };
  }
}

function matches({ types, account }: EventSubscription, event: LalamoveEvent): boolean {
  return (
    (types.includes('*') || types.includes(event.eventType)) && (account === undefined || account === event.account)
  );
}
