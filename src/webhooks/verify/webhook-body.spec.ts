import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readWebhookBody } from './webhook-body.js';

describe('readWebhookBody', () => {
  it('cuts out the bytes of the parsed `data`', () => {
    const key = fc.oneof(fc.constantFrom('data', 'Data', 'datas', '"data"', '__proto__'), fc.string());
    const space = fc.constantFrom('', ' ', '\n\t', '\r\n ');
    const members = fc.array(fc.tuple(key, space, fc.jsonValue()), { maxLength: 6 });
    fc.assert(
      fc.property(members, fc.jsonValue(), fc.nat(6), space, (others, data, place, gap) => {
        const rest = others.filter(([name]) => name !== 'data');
        const all = [...rest.slice(0, place), ['data', gap, data] as const, ...rest.slice(place)];
        const texts = all.map(
          ([name, white, value]) => `${JSON.stringify(name)}${white}:${white}${JSON.stringify(value)}`,
        );
        const body = readWebhookBody(Buffer.from(`${gap}{${gap}${texts.join(`${gap},`)}${gap}}`));
        const signed = JSON.stringify(data);
        expect(body).toMatchObject({ data: { text: signed, bytes: Buffer.from(signed) } });
        expect(typeof body === 'object' && body.data.value).toEqual(JSON.parse(signed));
      }),
    );
  });

  it.each([
    '{"data":{"a":1}',
    '{"data":{"a":1},}',
    '{"data":{"a":01}}',
    '{"data":{"a":1}} x',
    '{"data":}',
    '{x:1,"data":1}',
  ])('refuses a body with %s before, in or after data', (text) => {
    expect(readWebhookBody(Buffer.from(text))).toMatch(/not-json|no-object/);
  });

  it('refuses a body with two `data`, even if one is written with escapes', () => {
    expect(readWebhookBody(Buffer.from(String.raw`{"d\u0061ta":{},"data":{}}`))).toBe('data-twice');
    expect(readWebhookBody(Buffer.from(String.raw`{"d\u0061ta":{"a":1}}`))).toMatchObject({
      data: { text: '{"a":1}' },
    });
  });
});
