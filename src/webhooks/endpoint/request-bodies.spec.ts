import { describe, expect, it } from '@jest/globals';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { turn } from '../../../test/support/until.js';
import { RequestBodies } from './request-bodies.js';

const MIB = 1024 * 1024;

function requestOf(bytes: Buffer): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.push(bytes);
  request.push(null);
  return request;
}

describe('RequestBodies', () => {
  it('counts a body until its use is over, so that webhooks that wait for an account are limited too', async () => {
    const bodies = new RequestBodies();
    const open: (() => void)[] = [];
    const wait = (): Promise<string> =>
      new Promise((resolve) => {
        open.push(() => {
          resolve('used');
        });
      });
    const first = Array.from({ length: 32 }, () => bodies.read(requestOf(Buffer.alloc(MIB)), wait));
    await turn();
    expect(open).toHaveLength(32);
    const refused = expect.objectContaining({ code: 'LALAMOVE_WEBHOOK_NOT_TAKEN' });
    await expect(bodies.read(requestOf(Buffer.alloc(MIB)), wait)).rejects.toEqual(refused);
    for (const end of open) end();
    expect(await Promise.all(first)).toEqual(Array.from({ length: 32 }, () => 'used'));
    const failing = (): Promise<string> => Promise.reject(new Error('no'));
    for (let count = 0; count < 40; count += 1) {
      await expect(bodies.read(requestOf(Buffer.alloc(MIB)), failing)).rejects.toThrow('no');
    }
  });
});
