import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ThrottledLog, type LineKind } from './throttled-log.js';

const REFUSED: LineKind = { level: 'warn', what: 'Refused', of: { code: 'A', account: undefined }, maxLines: 2 };

describe('a throttled log', () => {
  const lines: string[] = [];
  const note = (line: unknown): void => void lines.push(String(line));
  let log: ThrottledLog;

  beforeEach(() => {
    jest.useFakeTimers();
    lines.length = 0;
    log = new ThrottledLog({ log: note, warn: note, error: note });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const flood = (kind: LineKind, count: number): void => {
    for (let id = 1; id <= count; id += 1) log.say(kind, { id });
  };

  it('logs a limited number of lines of a kind in a minute, and the number of omitted lines after the flood', () => {
    flood(REFUSED, 1000);
    flood({ ...REFUSED, of: { code: 'B' } }, 1);
    const said = ['Refused (code=A id=1)', 'Refused (code=A id=2)', 'Refused (code=B id=1)'];
    expect(lines).toEqual(said);
    jest.advanceTimersByTime(60_000);
    expect(lines).toEqual([...said, 'Refused, and more like it (code=A left_out=998)']);
    jest.advanceTimersByTime(600_000);
    expect(lines).toHaveLength(4);
    flood(REFUSED, 1);
    expect(lines.at(-1)).toBe('Refused (code=A id=1)');
  });

  it('logs the number of omitted lines for each minute of a flood, and when the app closes', () => {
    for (let minute = 0; minute < 3; minute += 1) {
      flood(REFUSED, 12);
      if (minute < 2) jest.advanceTimersByTime(60_000);
    }
    log.end();
    log.end();
    expect(lines.filter((line) => line.includes('left_out=10'))).toHaveLength(3);
    expect(lines).toHaveLength(9);
    expect(jest.getTimerCount()).toBe(0);
  });
});
