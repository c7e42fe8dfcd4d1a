import { describe, expect, it } from '@jest/globals';
import { CSV_HEAD, csvLines } from './deliveries-csv.js';

describe('csvLines', () => {
  it('names deliveries with unreadable rows', () => {
    const text = csvLines({
      deliveries: [],
      cursor: undefined,
      unreadable: [{ reference: '=A', account: undefined }],
    });
    expect(text).toMatch(/^"'=A","","unreadable",("",)+""\r\n$/);
    expect(CSV_HEAD).toMatch(/^\uFEFF"reference","account",/);
  });
});
