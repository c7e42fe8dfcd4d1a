import { LONGEST_TIMER_MS } from '../../internal/timer-limit.js';
import { sentencesOf, validateOptions, type OptionCheck, type OptionChecks } from '../../internal/validate-options.js';
import { isNumberFrom, isNumberUpTo, isWholeFrom } from '../../internal/value-checks.js';

/** Options of {@link InMemoryLalamoveInbox}. */
export interface InMemoryLalamoveInboxOptions {
  /**
   * The maximum number of remembered events. A remembered event is recognised as a duplicate if it arrives again.
   *
   * @default 20000
   */
  remembers?: number;
  /**
   * The maximum number of events that are with their handlers or wait for a retry. Above this limit, webhooks are
   * answered with 503.
   *
   * @default 10000
   */
  holds?: number;
  /**
   * The delay before each retry of a failed handler, in ms. After the last retry the inbox gives up the event for this
   * handler, and logs that.
   *
   * @default [1000, 10000, 60000, 600000]
   */
  retryDelaysMs?: readonly number[];
  /**
   * The timeout of a handler for one event, in ms. After a timeout the handler counts as failed and is retried.
   *
   * @default 60000
   */
  handlerTimeoutMs?: number;
  /**
   * How long shutdown waits for running handlers, in ms.
   *
   * @default 5000
   */
  shutdownMs?: number;
}

/** An upper limit: a process cannot hold more events in memory. */
const MAX_EVENTS = 10_000_000;
const MAX_RETRIES = 100;

const isDelay = isNumberFrom(0, LONGEST_TIMER_MS);
const DELAY = `from 0 to ${LONGEST_TIMER_MS} ms (24 days)`;
const COUNT: OptionCheck = {
  holds: isWholeFrom(0, MAX_EVENTS),
  remedy: `must be a whole number from 0 to ${MAX_EVENTS}`,
};

const CHECKS: OptionChecks<keyof InMemoryLalamoveInboxOptions> = {
  remembers: COUNT,
  holds: COUNT,
  retryDelaysMs: {
    holds: (value) => Array.isArray(value) && value.length <= MAX_RETRIES && value.every(isDelay),
    remedy: `must be a list of at most ${MAX_RETRIES} waits ${DELAY}`,
  },
  handlerTimeoutMs: {
    holds: isNumberUpTo(LONGEST_TIMER_MS),
    remedy: `must be a wait above 0, at most ${LONGEST_TIMER_MS} ms (24 days)`,
  },
  shutdownMs: { holds: isDelay, remedy: `must be a wait ${DELAY}` },
};

/** Finds all problems of the options of an in-memory inbox, one sentence each; empty if there is none. */
export function inboxOptionProblems(options: unknown): string[] {
  return sentencesOf(validateOptions(options, CHECKS), 'The options');
}
