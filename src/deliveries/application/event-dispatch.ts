import { wordsOf } from '../../internal/log-line.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DispatchResult, PendingEvent } from '../storage/outbox-storage.js';
import { readDeliveryEvent } from '../storage/read-delivery-event.js';
import type { WebhookHandlers } from './webhook-handlers.js';

/** The maximum number of tries. After that, an event with failed handlers is set aside. */
const MAX_TRIES = 10;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10 * 60_000;

/** A handler method with its name. */
export interface NamedHandler<Event> {
  readonly name: string;
  /** Calls the method. It rejects if the method fails; the failure is already logged. */
  handle(event: Event): Promise<void>;
}

/** A call of a handler with one event, not started yet. */
export interface HandlerCall {
  readonly name: string;
  readonly call: () => Promise<void>;
}

/** A call that has started. */
export interface BegunCall {
  readonly name: string;
  readonly ending: Promise<void>;
}

/** The dispatch of one event to its handlers. */
export interface EventDispatch {
  readonly pending: PendingEvent;
  /** The names of the handlers that have processed the event. */
  readonly done: Set<string>;
  readonly failures: string[];
  /** The calls that start now. */
  readonly calls: readonly HandlerCall[];
  /** The name of a handler that has no free slot for the event. */
  readonly blockedOn: string | undefined;
}

/** Finds the handlers of events. */
export interface EventHandlers {
  readonly webhooks: WebhookHandlers;
  /** Returns the `@OnDelivery` methods for an event. */
  readonly handlersOf: (event: DeliveryEvent) => readonly NamedHandler<DeliveryEvent>[];
}

/**
 * Creates the calls of all handlers of an event.
 *
 * @throws UnreadableRow if the row of the event cannot be read
 */
export function callsOf(pending: PendingEvent, { webhooks, handlersOf }: EventHandlers): HandlerCall[] {
  if (pending.source === 'webhook') {
    const { event, handlers } = webhooks.ofStored(pending);
    return handlers.map((handler) => ({ name: handler.name, call: () => handler.handle(event) }));
  }
  const { reference = '', account } = pending;
  const event = readDeliveryEvent(pending, { reference, account });
  return handlersOf(event).map((handler) => ({ name: handler.name, call: () => handler.handle(event) }));
}

/** Waits until the calls have ended, and records which handlers succeeded and which failed. */
export async function noteEnds({ done, failures }: EventDispatch, calls: readonly BegunCall[]): Promise<void> {
  const noted = calls.map(async ({ name, ending }) => {
    try {
      await ending;
      done.add(name);
    } catch (error) {
      failures.push(`${name}: ${wordsOf(error)}`);
    }
  });
  await Promise.all(noted);
}

/** The result of a dispatch after its calls have ended: done, set aside, or pending (retried with backoff). */
export function dispatchResult(
  { pending, done, failures, blockedOn }: Omit<EventDispatch, 'calls'>,
  now: number,
): DispatchResult {
  const hasFailed = failures.length > 0;
  const tries = pending.tries + (hasFailed || blockedOn === undefined ? 1 : 0);
  // If the event is blocked, another handler has not been called yet, so the event is not set aside.
  const isLast = hasFailed && tries >= MAX_TRIES && blockedOn === undefined;
  const isOver = isLast || (!hasFailed && blockedOn === undefined);
  const pauseMs = hasFailed ? Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS) : 0;
  const ended = isLast ? 'set_aside' : 'done';
  return {
    status: isOver ? ended : 'pending',
    handledBy: [...done],
    tries,
    nextTryAt: isOver ? undefined : now + pauseMs,
    // A failed event is not marked as blocked. Only `nextTryAt` decides when it is retried.
    blockedOn: isOver || hasFailed ? undefined : blockedOn,
    error: hasFailed ? failures.join('; ').slice(0, 2000) : undefined,
  };
}
