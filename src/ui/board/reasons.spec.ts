import { describe, expect, it } from '@jest/globals';
import type { BoardDelivery } from '../../board/board-answers.js';
import { attentionOf, reasonText } from './reasons.js';

type Outcome = BoardDelivery['attempts'][number]['outcome'];

/** The parts of a delivery from which its need is told. */
function deliveryOf(state: string, code: string | undefined, outcomes: readonly Outcome[]): BoardDelivery {
  const reason = code === undefined ? undefined : { code, message: 'As stored.' };
  return {
    delivery: { state, reason },
    attempts: outcomes.map((outcome) => ({ outcome })),
  } as unknown as BoardDelivery;
}

describe('what a delivery needs from an operator', () => {
  it.each(['ACCOUNT_UNKNOWN', 'ACCOUNT_UNAVAILABLE', 'LALAMOVE_AWAY', 'REQUEST_ERASED', 'ERR_NEW_AT_LALAMOVE'])(
    'is a look at Lalamove before anything is booked again, if %s has come after a lost answer',
    (code) => {
      for (const outcome of ['unknown', 'reserved'] as const) {
        const needed = attentionOf(deliveryOf('needs_attention', code, ['refused', outcome]));
        expect(needed).toMatchObject({ needsLook: true, text: expect.stringContaining('may be on the way') });
        expect(needed?.ways[0]).toBe('order');
      }
      const settled = attentionOf(deliveryOf('needs_attention', code, ['refused', 'abandoned']));
      expect(settled).toMatchObject({ needsLook: false });
    },
  );

  it('is said without the names of methods, if Lalamove has refused fields', () => {
    const message = 'Lalamove refuses the phone (/recipients/0/phone): correct it with resolve({ rebook: true }).';
    const reason = { code: 'ERR_INVALID_FIELD', message };
    expect(reasonText({ ...reason, fields: ['/recipients/0/phone'] }).text).not.toMatch(/resolve|\//);
    expect(reasonText(reason).text).toBe(message);
  });

  it('is nothing while the package works on it, but the order of a lost answer may be given', () => {
    expect(attentionOf(deliveryOf('booking', undefined, []))).toBeUndefined();
    expect(attentionOf(deliveryOf('booking', undefined, ['unknown']))?.ways).toEqual(['order']);
    expect(attentionOf(deliveryOf('failed', 'NO_DRIVER', []))?.ways).toEqual([]);
  });
});
