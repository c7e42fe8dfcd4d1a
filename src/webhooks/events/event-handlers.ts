import { Injectable, Logger } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import type { LalamoveEvent } from './lalamove-event.js';
import type { LalamoveEventHandler } from '../inbox/lalamove-inbox.js';
import { nameMethods } from '../../nest/handler-explorer.js';
import { callFound, type FoundMethod } from '../../nest/handler-invoker.js';
import { subscriptionsOf, type EventSubscription } from './on-lalamove-event.decorator.js';

/** A handler and what it is for. */
interface Handler extends LalamoveEventHandler {
  readonly subscriptions: readonly EventSubscription[];
}

/** Finds the methods with `@OnLalamoveEvent`, of all providers and controllers of the app. */
@Injectable()
export class LalamoveEventHandlers {
  readonly #logger = new Logger('LalamoveEvents');
  #handlers: readonly Handler[] = [];

  constructor(private readonly modules: ModulesContainer) {}

  /** Once the app's instances are there. */
  find(): void {
    const methods = nameMethods(this.modules, subscriptionsOf, this.#logger);
    this.#handlers = methods.map(({ name, found }) => this.#handler(found, name));
  }

  /** Every handler there is, with the accounts that it asks for by name. */
  get all(): readonly { name: string; accounts: readonly string[] }[] {
    return this.#handlers.map(({ name, subscriptions }) => ({
      name,
      accounts: subscriptions.flatMap(({ account }) => account ?? []),
    }));
  }

  /** Those that an event is for. */
  readonly of = (event: LalamoveEvent): readonly LalamoveEventHandler[] =>
    this.#handlers.filter(({ subscriptions }) => subscriptions.some((subscription) => isFor(subscription, event)));

  #handler(found: FoundMethod<EventSubscription>, name: string): Handler {
    const handle = async (event: LalamoveEvent): Promise<void> => {
      try {
        await callFound(found, event);
      } catch (error) {
        const { eventType, eventId: id, fingerprint } = event;
        const told = { handler: name, event: eventType, id, fingerprint, error: wordsOf(error) };
        say(this.#logger, 'error', logLine('A handler failed', told), error instanceof Error ? error.stack : undefined);
        throw error;
      }
    };
    return { name, subscriptions: found.subscriptions, handle };
  }
}

function isFor({ types, account }: EventSubscription, event: LalamoveEvent): boolean {
  return (
    (types.includes('*') || types.includes(event.eventType)) && (account === undefined || account === event.account)
  );
}
