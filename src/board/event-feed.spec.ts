import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { InspectedEvent } from '../deliveries/inspection.js';
import { EventFeed, type FeedListener } from './event-feed.js';

/** Stored events, which may be committed in another order than that of their ids. */
class Stored {
  readonly ids: number[] = [];
  reads = 0;

  lastEventId(): Promise<number> {
    return Promise.resolve(Math.max(0, ...this.ids));
  }

  eventsSince(eventId: number, limit: number): Promise<readonly InspectedEvent[]> {
    this.reads += 1;
    const ids = this.ids.filter((id) => id > eventId).toSorted((a, b) => a - b);
    const events = ids.slice(0, limit).map((id): InspectedEvent => {
      const rest = { source: 'delivery', type: 'booked', reference: `A-${id}`, account: undefined, at: '' } as const;
      return { id, ...rest };
    });
    return Promise.resolve(events);
  }
}

/** What a viewer gets. */
class Viewer implements FeedListener {
  readonly got: (number[] | 'reset')[] = [];
  lastId = -1;

  changes(events: readonly InspectedEvent[], lastId: number): void {
    this.got.push(events.map(({ id }) => id));
    this.lastId = lastId;
  }

  reset(lastId: number): void {
    this.got.push('reset');
    this.lastId = lastId;
  }
}

describe('EventFeed', () => {
  let stored: Stored;
  let feed: EventFeed;

  beforeEach(() => {
    jest.useFakeTimers();
    stored = new Stored();
    feed = new EventFeed(() => stored);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const second = (): Promise<void> => jest.advanceTimersByTimeAsync(1_000);

  it('tells an event that is committed after a later one, once', async () => {
    stored.ids.push(1, 2, 4);
    const viewer = new Viewer();
    await feed.follow(viewer, undefined);
    stored.ids.push(6);
    await second();
    stored.ids.push(5, 3);
    await second();
    await second();
    expect(viewer.got).toEqual([[], [6], [3, 5]]);
    expect(viewer.lastId).toBe(6);
  });

  it('tells a viewer that comes back what it has missed', async () => {
    stored.ids.push(...Array.from({ length: 300 }, (_, index) => index + 1));
    const viewer = new Viewer();
    await feed.follow(viewer, 290);
    expect(viewer.got[0]).toEqual(expect.arrayContaining([291, 300]));
    const late = new Viewer();
    await feed.follow(late, 301);
    expect(late.got).toEqual(['reset']);
  });

  it('lists no more events than a page can use', async () => {
    const viewer = new Viewer();
    await feed.follow(viewer, undefined);
    stored.ids.push(...Array.from({ length: 2_000 }, (_, index) => index + 1));
    await second();
    expect(viewer.got).toEqual([[], 'reset']);
    stored.ids.push(2_001);
    await second();
    expect(viewer.got.at(-1)).toEqual([2_001]);
  });

  it('reads once for all viewers, and nothing while nobody looks', async () => {
    const leaves = await Promise.all([1, 2, 3].map(() => feed.follow(new Viewer(), undefined)));
    const before = stored.reads;
    await second();
    expect(stored.reads).toBe(before + 1);
    for (const leave of leaves) leave();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(stored.reads).toBe(before + 1);
    expect(feed.viewers).toBe(0);
  });

  it('goes on after the database was away', async () => {
    const viewer = new Viewer();
    await feed.follow(viewer, undefined);
    jest.spyOn(stored, 'eventsSince').mockRejectedValueOnce(new Error('away'));
    stored.ids.push(1);
    await second();
    await second();
    expect(viewer.got).toEqual([[], [1]]);
  });
});
