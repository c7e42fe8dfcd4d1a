import { describe, expect, it } from '@jest/globals';
import { refusalReason } from './refusal-reason.js';

describe('refusalReason', () => {
  const refused = (code: string, message: string, pointers: string[] = [], operation = 'placeOrder'): unknown =>
    refusalReason({ code, message, operation, errors: pointers.map((pointer) => ({ code, message, pointer })) });

  it('says which field is refused, and what to do', () => {
    expect(refused('ERR_INVALID_FIELD', 'A field of the request is not valid.', ['/data/recipients/0/phone'])).toEqual({
      code: 'ERR_INVALID_FIELD',
      message:
        'Lalamove refuses the phone of recipient 1 (/recipients/0/phone): correct it with ' +
        'resolve({ rebook: true, changes }).',
      fields: ['/recipients/0/phone'],
    });
  });

  it('keeps a text that says why, and names several fields', () => {
    const pointers = ['/data/sender/phone', '/data/recipients/1/phone'];
    expect(refused('ERR_INVALID_PHONE_NUMBER', 'Not valid in this market.', pointers)).toMatchObject({
      message:
        'Not valid in this market. Lalamove refuses the phone of the sender, the phone of recipient 2 ' +
        '(/sender/phone,/recipients/1/phone): correct them with resolve({ rebook: true, changes }).',
    });
  });

  it('says what to do about a refusal without a field, if other content can help', () => {
    expect(refused('ERR_INCORRECT_ADDRESS', 'An address cannot be used.', [], 'createQuotation')).toEqual({
      code: 'ERR_INCORRECT_ADDRESS',
      message: 'An address cannot be used. Correct the booking with resolve({ rebook: true, changes }).',
    });
  });

  it.each([
    ['ERR_INSUFFICIENT_CREDIT', 'placeOrder'],
    ['ERR_INVALID_MARKET', 'createQuotation'],
    ['ERR_INVALID_FIELD', 'addPriorityFee'],
  ])('does not ask to correct the booking after %s of %s', (code, operation) => {
    expect(refused(code, 'No.', ['/data/x'], operation)).toEqual({ code, message: 'No. (/data/x)' });
  });
});
