import { describe, expect, it } from '@jest/globals';
import { inflateSync } from 'node:zlib';
import { proofPicture } from './proof-picture.js';

describe('proofPicture', () => {
  it('is a whole PNG picture, the same for the same name', () => {
    const picture = proofPicture('3394517965935702476-1');
    expect(picture.subarray(0, 8)).toEqual(Buffer.from('89504e470d0a1a0a', 'hex'));
    expect(picture.readUInt32BE(16)).toBe(320);
    const length = picture.readUInt32BE(33);
    expect(inflateSync(picture.subarray(41, 41 + length))).toHaveLength(240 * (1 + 320 * 3));
    expect(picture.subarray(-8)).toEqual(Buffer.from('49454e44ae426082', 'hex'));
    expect(proofPicture('3394517965935702476-1')).toEqual(picture);
    expect(proofPicture('3394517965935702476-2')).not.toEqual(picture);
  });
});
