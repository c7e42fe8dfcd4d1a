import type { EventCall, JournalLine } from './journal.js';

/** The calls of the handler with one delivery's own events, in the order of the journal. */
function callsFor(reference: string, journal: readonly JournalLine[]): EventCall[] {
  return journal.filter((line): line is EventCall => 'id' in line && line.reference === reference);
}

/**
 * How the calls with one delivery's events break a promise: each at least once, in order, never two at a time, and none
 * again in a process that has stored the success.
 *
 * @param timeline the ids of its events, in order
 * @returns `undefined` if they break none
 */
export function wrongCalls(
  timeline: readonly number[] = [],
  reference: string,
  journal: readonly JournalLine[],
): string | undefined {
  const calls = callsFor(reference, journal);
  const ended = new Set(calls.flatMap(({ at, id }) => (at === 'end' ? [id] : [])));
  const missing = timeline.filter((id) => !ended.has(id));
  if (missing.length > 0) return `no handler call with the events ${missing.join(', ')} succeeded`;
  return outOfOrder(timeline, calls) ?? overlapping(calls) ?? repeated(reference, journal);
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

/** A call of a handler with an event, whatever kind of event it is. */
interface KeyedCall {
  readonly key: string | number;
  readonly at: EventCall['at'];
  readonly pid: number;
}

/** A result that a process could not store. */
interface KeyedUnkept {
  readonly key: string | number;
  readonly unkept: true;
  readonly pid: number;
}

/**
 * The events with which a process called a handler again after a success. That is right in two cases only: the process
 * could not store the result, or its lease of the event ended and another process got the event in between.
 */
function repeatedKeys(lines: readonly (KeyedCall | KeyedUnkept)[]): Set<string | number> {
  const doneBy = new Map<string | number, Set<number>>();
  const again = new Set<string | number>();
  for (const line of lines) {
    const done = doneBy.get(line.key) ?? new Set<number>();
    doneBy.set(line.key, done);
    if ('unkept' in line) done.delete(line.pid);
    else if (line.at === 'end') done.add(line.pid);
    else if (line.at === 'start' && done.has(line.pid)) again.add(line.key);
    // A call of another process shows that this one has lost the event.
    else if (line.at === 'start') done.clear();
  }
  return again;
}

function repeated(reference: string, journal: readonly JournalLine[]): string | undefined {
  const ids = new Set(callsFor(reference, journal).map(({ id }) => id));
  const lines = journal.flatMap((line): (KeyedCall | KeyedUnkept)[] => {
    if ('unkept' in line) return ids.has(line.unkept) ? [{ key: line.unkept, unkept: true, pid: line.pid }] : [];
    return 'id' in line && line.reference === reference ? [{ key: line.id, at: line.at, pid: line.pid }] : [];
  });
  const [id] = repeatedKeys(lines);
  return id === undefined ? undefined : `a handler was called again with the event ${id}, which had succeeded`;
}

/** The same for webhooks, which have no order: each at least once, and repeated only as an event may be. */
export function handledWebhooks(
  journal: readonly JournalLine[],
  fingerprints: ReadonlyMap<number, string>,
): { readonly handled: ReadonlySet<string>; readonly repeated: readonly string[] } {
  const handled = new Set<string>();
  const lines = journal.flatMap((line): (KeyedCall | KeyedUnkept)[] => {
    if ('unkept' in line) {
      const key = fingerprints.get(line.unkept);
      return key === undefined ? [] : [{ key, unkept: true, pid: line.pid }];
    }
    if (!('fingerprint' in line)) return [];
    if (line.at === 'end') handled.add(line.fingerprint);
    return [{ key: line.fingerprint, at: line.at, pid: line.pid }];
  });
  return { handled, repeated: [...repeatedKeys(lines)].map(String) };
}
