import { LONGEST_TIMER_MS } from '../../internal/timer-limit.js';
import { sentencesOf, validateOptions, type OptionCheck, type OptionChecks } from '../../internal/validate-options.js';
import { isNumberFrom, isNumberUpTo, isWholeFrom } from '../../internal/value-checks.js';

/** Options of {@link InMemoryLalamoveInbox}. */
export interface InMemoryLalamoveInboxOptions {
  /**
   * How many events are remembered, so that they are known as duplicates if they come again.
   *
   * @default 20000
   */
  remembers?: number;
  /**
   * How many events may be with their handlers, or wait for a retry, at a time. Beyond that webhooks are answered with
   * 503.
   *
   * @default 10000
   */
  holds?: number;
  /**
   * How long to wait before each retry of a handler that failed, in ms. After the last one the event is given up for
   * this handler, with a line in the log.
   *
   * @default [1000, 10000, 60000, 600000]
   */
  retryDelaysMs?: readonly number[];
  /**
   * How long a handler may take for an event, in ms. If it takes longer, it counts as failed and is retried.
   *
   * @default 60000
   */
  handlerTimeoutMs?: number;
  /**
   * How long shutdown waits for handlers that are running, in ms.
   *
   * @default 5000
   */
  shutdownMs?: number;
}

/** More events than a process holds in memory. */
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

/** What is wrong with the options of an inbox in memory, one sentence each; empty if all is well. */
export function inboxOptionProblems(options: unknown): string[] {
  return sentencesOf(validateOptions(options, CHECKS), 'The options');
}
