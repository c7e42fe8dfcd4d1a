import { describe, expect, it } from '@jest/globals';
import { blanked, sentDetails } from './sent-details.js';

describe('sentDetails', () => {
  it.each([
    ["'name' validation failed: 'Ada Lovelace' of it", "'name' validation failed: '…' of it"],
    ["'Ada' is no name", "'…' is no name"],
    ["'recipients[0].phone' can't be 'Mary O'Brien', isn't it", "'recipients[0].phone' can't be '…', isn't it"],
    ['"phone" is “Ada”, «Ada», `Ada` or ‘Ada’', "\"phone\" is '…', '…', '…' or '…'"],
    ["value 'Ada Lovelace was cut", "value '…'"],
    ['{"field":"name","given":"Ada"}', '{"field":"name",\'…\':\'…\'}'],
    ['called +852 9876 5432', 'called …'],
    ['called ＋８５２９８７６５４３２', 'called …'],
    ['called ٠٥٠١٢٣٤٥٦٧', 'called …'],
    ['called 9876–5432', 'called …'],
    ['ada@example.com', '…'],
  ])('removes personal data from a detail: %s', (detail, cleaned) => {
    expect(blanked(detail)).toBe(cleaned);
    expect(sentDetails([{ code: 'c', message: 'm', detail }])).toEqual({ detail: JSON.stringify(cleaned) });
  });

  it.each([
    ['/data/stops/0', '/data/stops/0'],
    ['/data/recipients/0/phone:+85298765432', '/data/recipients/0/phone…'],
    ['/data/recipients/0/name=Ada', '/data/recipients/0/name…'],
    ['/data/recipients/+85298765432', '/data/recipients/…'],
    ['/data/ada@example.com', '…'],
  ])('removes personal data from a pointer: %s', (pointer, cleaned) => {
    expect(sentDetails([{ code: 'c', message: 'm', pointer }])).toEqual({ pointer: cleaned });
  });
});
