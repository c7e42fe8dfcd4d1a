import { describe, expect, it } from '@jest/globals';
import { inputField } from './input-field.js';

describe('inputField', () => {
  it.each([
    ['/data/stops/0/address', '/stops/0/address'],
    ['/data/metadata/a~1b', '/metadata/a~1b'],
    ['/data', ''],
  ])('%s is %j of the input', (pointer, field) => {
    expect(inputField(pointer)).toEqual({ field });
  });

  it.each(['/orderId', '/options/market', '/database', '/data/stops/0/name:Ada', '/data/', 'stops', undefined])(
    'is missing for %s',
    (pointer) => {
      expect(inputField(pointer)).toEqual({});
    },
  );
});
