import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LinkCodec, type LinkContent } from './link-codec.js';

const SECRETS = ['a secret of a test, 0123456789 abcdef', 'another secret of a test, 0123456789'] as const;
const codec = new LinkCodec([SECRETS[0]]);

const contents: fc.Arbitrary<LinkContent> = fc.record({
  deliveryId: fc.uuid(),
  recipient: fc.nat(255),
  generation: fc.nat(0xffffffff),
  expiresAt: fc.nat(0xffffffff),
});

describe('LinkCodec', () => {
  it('opens what it has sealed', () => {
    fc.assert(
      fc.property(contents, (content) => {
        const token = codec.seal(content);
        expect(token).toMatch(/^[\w-]{56}$/);
        expect(codec.open(token)).toEqual(content);
      }),
    );
  });

  it('opens nothing in which a bit was changed', () => {
    fc.assert(
      fc.property(contents, fc.nat(42 * 8 - 1), (content, bit) => {
        const bytes = Buffer.from(codec.seal(content), 'base64url');
        const at = Math.floor(bit / 8);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit % 8)), at);
        expect(codec.open(bytes.toString('base64url'))).toBeUndefined();
      }),
    );
  });

  it('opens no text that it has not sealed', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.uint8Array({ minLength: 42, maxLength: 42 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      contents.map((content) => `${codec.seal(content)}=`),
      contents.map((content) => codec.seal(content).slice(0, -1)),
      contents.map((content) => codec.seal(content).replace(/^./, '+')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(codec.open(text)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('opens the links of all its secrets, and of no other', () => {
    fc.assert(
      fc.property(contents, (content) => {
        const rotated = new LinkCodec([SECRETS[1], SECRETS[0]]);
        expect(rotated.open(codec.seal(content))).toEqual(content);
        expect(codec.open(rotated.seal(content))).toBeUndefined();
      }),
    );
  });

  it('shows nothing: two links that differ in one number have nothing in common', () => {
    const content = { deliveryId: 'f47ac10b-58cc-4372-a567-0e02b2c3d479', generation: 0, expiresAt: 1_800_000_000 };
    const [one, other] = [0, 1].map((recipient) => Buffer.from(codec.seal({ ...content, recipient }), 'base64url'));
    const same = [...(one ?? [])].filter((byte, index) => byte === other?.[index]);
    expect(same.length).toBeLessThan(6);
    expect(one?.toString('hex')).not.toContain('58cc');
  });

  it('refuses an id that is no UUID', () => {
    const content = { deliveryId: 'A-1', recipient: 0, generation: 0, expiresAt: 1 };
    expect(() => codec.seal(content)).toThrow(RangeError);
  });
});
