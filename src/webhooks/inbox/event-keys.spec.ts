import { describe, expect, it } from '@jest/globals';
import { factsOf } from '../../../test/webhooks/event-samples.js';
import { readLalamoveEvent } from '../events/lalamove-event.js';
import type { LalamoveEventFacts } from '../events/lalamove-event-facts.js';
import { InMemoryLalamoveInbox } from './in-memory-inbox.js';
import { formerKeyOf, keysOf } from './event-keys.js';

const DATA = { order: { orderId: '1', status: 'ON_GOING' } };

function accepted(inbox: InMemoryLalamoveInbox, more: Partial<LalamoveEventFacts>): string {
  const facts = factsOf('ORDER_STATUS_CHANGED', DATA, more);
  const event = readLalamoveEvent(facts);
  return inbox.accept({ keys: keysOf(facts, event), facts, event });
}

describe('keysOf', () => {
  it('distinguishes the same event of two accounts, and recognises a duplicate that was signed again', async () => {
    const inbox = new InMemoryLalamoveInbox();
    const come = (apiKey: string, fingerprint: string): string => accepted(inbox, { apiKey, fingerprint });
    expect(['pk_m1', 'pk_m2', 'pk_m1', 'pk_m2'].map((key, index) => come(key, `signature ${index}`))).toEqual([
      ...['new', 'new', 'repeated', 'repeated'],
    ]);
    // The first key depends on the signature, not on the claimed API key.
    expect(come('pk_m3', 'signature 0')).toBe('repeated');
    await inbox.stop();
  });

  it('leads to the key of earlier versions, which had no account', () => {
    const keyFor = (apiKey: string): string => {
      const facts = factsOf('ORDER_STATUS_CHANGED', DATA, { apiKey });
      return keysOf(facts, readLalamoveEvent(facts))[1] ?? '';
    };
    expect(keyFor('pk_m1')).not.toBe(keyFor('pk_m2'));
    expect(formerKeyOf(keyFor('pk_m1'))).toBe(formerKeyOf(keyFor('pk_m2')));
    expect(formerKeyOf(keyFor('pk_m1'))).toMatch(/^[\w-]{43}\.[\w-]{43}\.ORDER_STATUS_CHANGED$/);
    expect(formerKeyOf('no dot')).toBe('');
  });
});
