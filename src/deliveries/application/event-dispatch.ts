import { wordsOf } from '../../internal/log-line.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DispatchResult, PendingEvent } from '../storage/outbox-storage.js';
import { readDeliveryEvent } from '../storage/read-delivery-event.js';
import type { WebhookHandlers } from './webhook-handlers.js';

/** After so many tries an event is set aside for the handlers that have failed. */
const MAX_TRIES = 10;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10 * 60_000;

/** A method that events are dispatched to. */
export interface NamedHandler<Event> {
  readonly name: string;
  /** Rejects if it failed; that has been logged then. */
  handle(event: Event): Promise<void>;
}

/** A handler with the event that it is to be called with. */
export interface HandlerCall {
  readonly name: string;
  readonly call: () => Promise<void>;
}

/** A call that has begun. */
export interface BegunCall {
  readonly name: string;
  readonly ending: Promise<void>;
}

/** An event on its way to its handlers. */
export interface EventDispatch {
  readonly pending: PendingEvent;
  /** The handlers that have had it. */
  readonly done: Set<string>;
  readonly failures: string[];
  /** What begins now. */
  readonly calls: readonly HandlerCall[];
  /** A handler for a free place of which it waits. */
  readonly blockedOn: string | undefined;
}

/** Whom events are for. */
export interface EventHandlers {
  readonly webhooks: WebhookHandlers;
  /** The `@OnDelivery` methods that an event is for. */
  readonly handlersOf: (event: DeliveryEvent) => readonly NamedHandler<DeliveryEvent>[];
}

/**
 * All handlers of an event.
 *
 * @throws UnreadableRow
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

/** Waits until calls have ended, and notes which handlers have had the event, and which have failed. */
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

/** What has become of an event once its calls have ended: it is over, or it is tried again with backoff. */
export function dispatchResult(
  { pending, done, failures, blockedOn }: Omit<EventDispatch, 'calls'>,
  now: number,
): DispatchResult {
  const hasFailed = failures.length > 0;
  const tries = pending.tries + (hasFailed || blockedOn === undefined ? 1 : 0);
  // Another handler has not had it yet.
  const isLast = hasFailed && tries >= MAX_TRIES && blockedOn === undefined;
  const isOver = isLast || (!hasFailed && blockedOn === undefined);
  const pauseMs = hasFailed ? Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS) : 0;
  const ended = isLast ? 'set_aside' : 'done';
  return {
    status: isOver ? ended : 'pending',
    handledBy: [...done],
    tries,
    nextTryAt: isOver ? undefined : now + pauseMs,
    // What has failed goes by its time alone.
    blockedOn: isOver || hasFailed ? undefined : blockedOn,
    error: hasFailed ? failures.join('; ').slice(0, 2000) : undefined,
  };
}
