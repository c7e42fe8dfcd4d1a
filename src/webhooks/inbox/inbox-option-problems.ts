import { LONGEST_TIMER_MS } from '../../internal/timer-limit.js';
import type { InMemoryLalamoveInboxOptions } from './in-memory-inbox.js';

/** More events than a process holds in memory. */
const MAX_EVENTS = 10_000_000;
const MAX_RETRIES = 100;

const COUNT = `must be a whole number from 0 to ${MAX_EVENTS}`;
const DELAY = `from 0 to ${LONGEST_TIMER_MS} ms (24 days)`;

/** What is wrong with the measures of an inbox in memory, one sentence each; empty where all is well. */
export function inboxOptionProblems(options: Required<InMemoryLalamoveInboxOptions>): string[] {
  const { remembers, holds, retryDelaysMs, handlerTimeoutMs, shutdownMs } = options;
  const areDelays = Array.isArray(retryDelaysMs) && retryDelaysMs.length <= MAX_RETRIES && retryDelaysMs.every(isDelay);
  return [
    ...(isCount(remembers) ? [] : [`remembers ${COUNT}.`]),
    ...(isCount(holds) ? [] : [`holds ${COUNT}.`]),
    ...(areDelays ? [] : [`retryDelaysMs must be a list of at most ${MAX_RETRIES} waits ${DELAY}.`]),
    ...(isDelay(handlerTimeoutMs) && handlerTimeoutMs > 0
      ? []
      : [`handlerTimeoutMs must be a wait above 0, at most ${LONGEST_TIMER_MS} ms (24 days).`]),
    ...(isDelay(shutdownMs) ? [] : [`shutdownMs must be a wait ${DELAY}.`]),
  ];
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_EVENTS;
}

function isDelay(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= LONGEST_TIMER_MS;
}
