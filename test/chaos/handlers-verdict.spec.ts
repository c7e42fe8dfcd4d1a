import { describe, expect, it } from '@jest/globals';
import { handledWebhooks, wrongCalls } from './handlers-verdict.js';
import type { JournalLine } from './journal.js';

let calls = 0;

/** A whole call of the handler in a process. */
function call(id: number, pid: number, at: 'end' | 'failed' = 'end'): JournalLine[] {
  calls += 1;
  const line = { id, reference: 'A-1', pid, call: `${pid}-${calls}` };
  return [
    { ...line, at: 'start' },
    { ...line, at },
  ];
}

const DISTURBED: JournalLine = { disturbed: 'crash of PostgreSQL' };

describe('the verdict on the calls of a handler', () => {
  it.each<[string, JournalLine[]]>([
    ['each event once, in order', [...call(1, 7), ...call(2, 7)]],
    ['again after a failure', [...call(1, 7, 'failed'), ...call(1, 7), ...call(2, 7)]],
    ['again in another process', [...call(1, 7), ...call(1, 8), ...call(2, 8)]],
    [
      'again after the result could not be stored',
      [...call(1, 7), { unkept: 1, pid: 7 }, ...call(1, 7), ...call(2, 7)],
    ],
    [
      'again after another process had the event',
      [...call(1, 7), ...call(1, 8, 'failed'), ...call(1, 7), ...call(2, 7)],
    ],
  ])('accepts %s', (_, journal) => {
    expect(wrongCalls([1, 2], 'A-1', journal)).toBeUndefined();
  });

  it.each<[string, string, JournalLine[]]>([
    ['a missing call', 'no handler call with the events 2 succeeded', call(1, 7)],
    ['a wrong order', 'the event 2 before 1 had succeeded', [...call(2, 7), ...call(1, 7)]],
    ['a repetition', 'called again with the event 1', [...call(1, 7), ...call(1, 7), ...call(2, 7)]],
    ['one after a disturbance', 'again with the event 1', [...call(1, 7), DISTURBED, ...call(1, 7), ...call(2, 7)]],
    [
      'one after the result of another event or process was lost',
      'again with the event 1',
      [...call(1, 7), { unkept: 2, pid: 7 }, { unkept: 1, pid: 8 }, ...call(1, 7), ...call(2, 7)],
    ],
    [
      'a second one after one lost result',
      'again with the event 1',
      [...call(1, 7), { unkept: 1, pid: 7 }, ...call(1, 7), ...call(1, 7), ...call(2, 7)],
    ],
  ])('finds %s', (_, finding, journal) => {
    expect(wrongCalls([1, 2], 'A-1', journal)).toContain(finding);
  });

  it('finds two calls at a time', () => {
    const [start, end] = call(1, 7);
    const [otherStart, otherEnd] = call(1, 8);
    const journal = [start, otherStart, end, otherEnd].filter((line) => line !== undefined);
    expect(wrongCalls([1], 'A-1', journal)).toContain('overlap');
  });

  it('judges webhooks alike', () => {
    const webhook = (at: 'start' | 'end'): JournalLine => ({ fingerprint: 'f', pid: 7, call: '7-1', at });
    const twice = [webhook('start'), webhook('end'), webhook('start'), webhook('end')];
    const rows = new Map([[5, 'f']]);
    expect(handledWebhooks(twice, rows).repeated).toEqual(['f']);
    const unkept = [...twice.slice(0, 2), { unkept: 5, pid: 7 }, ...twice.slice(2)];
    expect(handledWebhooks(unkept, rows)).toEqual({ handled: new Set(['f']), repeated: [] });
  });
});
