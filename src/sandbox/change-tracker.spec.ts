import { describe, expect, it } from '@jest/globals';
import { ChangeTracker } from './change-tracker.js';

describe('ChangeTracker', () => {
  it('names what has changed since, once, the latest first', () => {
    const tracker = new ChangeTracker();
    for (const id of ['a', 'b', 'a', 'c']) tracker.touch('order', id);
    tracker.touch('request', '1');
    expect(tracker.since('order', 0)).toEqual(['c', 'a', 'b']);
    expect(tracker.since('order', 3)).toEqual(['c']);
    expect([tracker.since('request', 4), tracker.since('request', 5), tracker.revision]).toEqual([['1'], [], 5]);
  });

  it('does not know the changes since before everything changed, or since a revision of another sandbox', () => {
    const tracker = new ChangeTracker();
    tracker.touch('order', 'a');
    const before = tracker.revision;
    tracker.touchAll();
    const known = [before, tracker.revision, tracker.revision + 1].map((each) => tracker.isKnownSince(each));
    expect(known).toEqual([false, true, false]);
    expect(tracker.since('order', 0)).toEqual([]);
  });

  it('forgets the oldest of very many changes, and then asks for a whole reading', () => {
    const tracker = new ChangeTracker();
    for (let id = 0; id < 60_010; id += 1) tracker.touch('webhook', String(id));
    expect([tracker.isKnownSince(9), tracker.isKnownSince(10)]).toEqual([false, true]);
    expect(tracker.since('webhook', 10)).toHaveLength(60_000);
  });
});
