import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { EventStream, lastEventId } from './event-stream.js';

describe('EventStream', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('leaves no timer behind if its reader goes, also before it begins', () => {
    const response = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));
    const open = response();
    const stream = new EventStream(open);
    expect(jest.getTimerCount()).toBe(1);
    open.destroy();
    open.emit('close');
    expect(jest.getTimerCount()).toBe(0);
    stream.send('late', {});

    const gone = response();
    gone.destroy();
    const callback = jest.fn();
    new EventStream(gone).onClose(callback);
    expect([jest.getTimerCount(), callback.mock.calls.length]).toEqual([0, 1]);
  });
});

describe('lastEventId', () => {
  it.each([
    [{ 'last-event-id': '7' }, '/live?since=3', '7'],
    [{}, '/live?since=a%2Bb&x=1', 'a+b'],
    [{ 'last-event-id': '' }, 'http://a:999999/live?since=3', '3'],
    [{}, '//[::/live', undefined],
    [{}, undefined, undefined],
  ])('of %j and %s is %s', (headers, url, id) => {
    expect(lastEventId({ headers, url })).toBe(id);
  });
});
