import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GrowingBytes } from './growing-bytes.js';

describe('GrowingBytes', () => {
  it('joins its pieces, of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 20 }), (chunks) => {
        const bytes = new GrowingBytes(1e6);
        for (const chunk of chunks) expect(bytes.add(chunk)).toBe(true);
        expect(bytes.bytes()).toEqual(Buffer.concat(chunks));
      }),
    );
  });

  it('uses at most twice the memory of its content, and at most the limit', () => {
    const bytes = new GrowingBytes(1_000_000);
    const buffers = new Set<ArrayBufferLike>();
    for (let count = 1; count <= 1_000_000; count += 1) {
      bytes.add(Uint8Array.of(count));
      if (bytes.capacity > Math.max(4096, 2 * count)) throw new Error(`${bytes.capacity} bytes for ${count}`);
      if (count % 1000 === 0) buffers.add(bytes.bytes().buffer);
    }
    expect(bytes.capacity).toBe(1_000_000);
    expect(buffers.size).toBeLessThan(12);
    expect(bytes.add(Uint8Array.of(1))).toBe(false);
    expect(bytes.bytes()).toHaveLength(1_000_000);
    bytes.clear();
    expect(bytes.capacity).toBe(0);
  });
});
