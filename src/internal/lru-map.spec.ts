import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LruMap } from './lru-map.js';

describe('LruMap', () => {
  it('drops the entry that was set first if there are more than its capacity', () => {
    const map = new LruMap<string, number>(2);
    for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index);
    expect(map.keys()).toEqual(['b', 'c']);
    expect(map.get('a')).toBeUndefined();
    expect(map.size).toBe(2);
  });

  it('does not drop an entry that was read or set again; has() does not count as a read', () => {
    const map = new LruMap<string, number>(3);
    for (const key of ['a', 'b', 'c']) map.set(key, 0);
    map.get('a');
    map.set('b', 1);
    map.has('c');
    map.set('d', 0);
    expect(map.keys()).toEqual(['a', 'b', 'd']);
    expect(map.get('b')).toBe(1);
  });

  it('does not drop another entry if an existing key is set', () => {
    const map = new LruMap<string, number>(2);
    for (const key of ['a', 'b', 'b', 'b']) map.set(key, 0);
    expect(map.keys()).toEqual(['a', 'b']);
  });

  it('holds nothing with a capacity of 0, and forgets deleted and cleared entries', () => {
    const none = new LruMap<string, number>(0);
    none.set('a', 1);
    expect(none.size).toBe(0);
    const map = new LruMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect([map.delete('a'), map.delete('a')]).toEqual([true, false]);
    expect(map.keys()).toEqual(['b']);
    map.clear();
    expect(map.keys()).toEqual([]);
  });

  it('behaves as a list in order of use', () => {
    const step = fc.tuple(fc.constantFrom('get', 'set', 'delete'), fc.nat(6));
    fc.assert(
      fc.property(fc.nat(4), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
        const map = new LruMap<number, string>(capacity);
        let model: number[] = [];
        for (const [action, key] of steps) {
          const held = model.includes(key);
          model = model.filter((other) => other !== key);
          if (action === 'set' || (action === 'get' && held)) model.push(key);
          model = model.slice(Math.max(0, model.length - capacity));
          if (action === 'get') expect(map.get(key)).toBe(held ? `value ${key}` : undefined);
          else if (action === 'set') map.set(key, `value ${key}`);
          else expect(map.delete(key)).toBe(held);
          expect(map.keys()).toEqual(model);
        }
      }),
    );
  });
});
