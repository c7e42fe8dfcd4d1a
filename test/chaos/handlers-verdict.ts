import type { EventCall, JournalLine, WebhookCall } from './journal.js';

/** The calls of the handler with one delivery's own events, in the order of the journal. */
export function callsFor(reference: string, journal: readonly JournalLine[]): EventCall[] {
  return journal.filter((line): line is EventCall => 'id' in line && line.reference === reference);
}

/**
 * How the calls with one delivery's events break a promise: each at least once, in order, never two at a time.
 *
 * @param timeline the ids of its events, in order
 * @returns `undefined` if they break none
 */
export function wrongCalls(timeline: readonly number[] = [], calls: readonly EventCall[]): string | undefined {
  const ended = new Set(calls.flatMap(({ at, id }) => (at === 'end' ? [id] : [])));
  const missing = timeline.filter((id) => !ended.has(id));
  if (missing.length > 0) return `no handler call with the events ${missing.join(', ')} succeeded`;
  return outOfOrder(timeline, calls) ?? overlapping(calls) ?? repeated(calls);
}

/** An event that was given to the handler before an earlier one had succeeded. */
function outOfOrder(timeline: readonly number[], calls: readonly EventCall[]): string | undefined {
  const ended = new Set<number>();
  for (const { at, id } of calls) {
    if (at === 'end') ended.add(id);
    if (at !== 'start') continue;
    const earlier = timeline.find((other) => other < id && !ended.has(other));
    if (earlier !== undefined) return `a handler was called with the event ${id} before ${earlier} had succeeded`;
  }
  return undefined;
}

/** Two calls at a time. A call without an end was cut off by a kill, and proves nothing. */
function overlapping(calls: readonly EventCall[]): string | undefined {
  for (const [index, { call, at, id }] of calls.entries()) {
    if (at !== 'start') continue;
    const end = calls.findIndex((line) => line.call === call && line.at !== 'start');
    const other = calls.find((line, place) => place > index && place < end && line.at === 'start');
    if (other) return `two handler calls overlap, with the events ${id} and ${other.id}`;
  }
  return undefined;
}

/** A second call after a success, although the process went on. */
function repeated(calls: readonly EventCall[]): string | undefined {
  const done = new Set<string>();
  for (const { at, id, pid } of calls) {
    const key = `${pid} ${id}`;
    if (at === 'start' && done.has(key)) return `a handler was called again with the event ${id}, which had succeeded`;
    if (at === 'end') done.add(key);
  }
  return undefined;
}

/** The same for webhooks, which have no order: each at least once, never twice in one process after a success. */
export function handledWebhooks(journal: readonly JournalLine[]): {
  readonly handled: ReadonlySet<string>;
  readonly repeated: readonly string[];
} {
  const calls = journal.filter((line): line is WebhookCall => 'fingerprint' in line);
  const handled = new Set<string>();
  const done = new Set<string>();
  const again = new Set<string>();
  for (const { at, fingerprint, pid } of calls) {
    const key = `${pid} ${fingerprint}`;
    if (at === 'start' && done.has(key)) again.add(fingerprint);
    if (at !== 'end') continue;
    handled.add(fingerprint);
    done.add(key);
  }
  return { handled, repeated: [...again] };
}
