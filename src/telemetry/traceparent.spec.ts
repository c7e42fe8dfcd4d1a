import { describe, expect, it } from '@jest/globals';
import { spanContextOf, traceparentOf } from './traceparent.js';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('traceparent', () => {
  it('is read and written', () => {
    expect(spanContextOf(TRACEPARENT)).toEqual({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      traceFlags: 1,
      isRemote: true,
    });
    expect(traceparentOf(spanContextOf(TRACEPARENT))).toBe(TRACEPARENT);
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `${TRACEPARENT}-more`,
    TRACEPARENT.replace('4bf92f3577b34da6a3ce929d0e0e4736', '0'.repeat(32)),
    TRACEPARENT.replace('00f067aa0ba902b7', '0'.repeat(16)),
  ])('is not read from %j', (text) => {
    expect(spanContextOf(text)).toBeUndefined();
  });

  it('is not written without a valid context', () => {
    expect(traceparentOf(undefined)).toBeUndefined();
    expect(traceparentOf({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 })).toBeUndefined();
  });
});
