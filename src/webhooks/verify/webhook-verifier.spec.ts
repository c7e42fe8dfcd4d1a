import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRecord } from '../../internal/is-record.js';
import { AccountSecrets } from './account-secrets.js';
import { signWebhook } from './sign-webhook.js';
import { LalamoveWebhookException } from '../webhook.exceptions.js';
import { verifyWebhook, type VerifierSettings } from './webhook-verifier.js';
import { BODY_TOKENS } from '../../../test/webhooks/body-tokens.js';

const AT = Date.parse('2026-11-22T08:00:00Z');
const MERCHANTS: Readonly<Record<string, string>> = { pk_known: 'sk_known', pk_other: 'sk_other' };

/** A verifier with one path, which counts its signatures. */
function verifier(more: Partial<VerifierSettings> = {}) {
  let now = AT;
  let signatures = 0;
  const clock = { now: () => now, setTimeout: () => () => undefined };
  const asked: string[] = [];
  const others = new AccountSecrets((apiKey) => {
    asked.push(apiKey);
    const secret = MERCHANTS[apiKey];
    return secret === undefined ? undefined : { secrets: secret, account: apiKey };
  }, clock);
  const settings = {
    account: undefined,
    apiKey: 'pk_own',
    secrets: ['sk_own'],
    maxAgeSeconds: 60,
    others,
    clock,
    anchored: () => now,
    ...more,
  };
  const paths = ['/hooks'];
  Object.defineProperty(paths, 0, {
    get: () => {
      signatures += 1;
      return '/hooks';
    },
  });
  return {
    settings,
    later: (ms: number) => {
      now += ms;
    },
    /** Verifies a webhook. @returns the number of signatures and lookups, and the result */
    verify: async (apiKey: string, secret: string, timestamp = AT / 1000) => {
      signatures = 0;
      asked.length = 0;
      const { body } = signWebhook({ secret, path: '/hooks', apiKey, timestamp, data: {} });
      const outcome = await verifyWebhook(settings, Buffer.from(body), paths).catch((error: unknown) => error);
      return { outcome, signatures, asked: asked.length };
    },
  };
}

const REFUSED = { outcome: expect.objectContaining({ code: 'LALAMOVE_WEBHOOK_SIGNATURE' }) };

describe('verifyWebhook', () => {
  it('rewrites data only if the signature is well-formed and the data are not larger than events', async () => {
    const { settings } = verifier();
    const outcomeOf = (kilobytes: number, change = (signature: string) => signature): Promise<unknown> => {
      const data = { text: 'a'.repeat(kilobytes * 1000) };
      const { body } = signWebhook({ secret: 'sk_own', path: '/hooks', apiKey: 'pk_own', timestamp: AT / 1000, data });
      const spaced = body
        .replace('"data":{"text":', '"data":{ "text" :')
        .replace(/"signature":"(\w+)"/, (_, signature: string) => `"signature":"${change(signature)}"`);
      return verifyWebhook(settings, Buffer.from(spaced), ['/hooks']).catch((error: unknown) => error);
    };
    expect(await outcomeOf(60)).toMatchObject({ kind: 'event' });
    expect(await outcomeOf(70)).toEqual(REFUSED.outcome);
    expect(await outcomeOf(1, () => 'x')).toEqual(REFUSED.outcome);
  });

  it('does the same work for an unknown key as for a wrong signature, with and without a new lookup', async () => {
    const { verify, later } = verifier();
    for (const [ms, signatures, asked] of [
      [0, 1, 1],
      [0, 1, 0],
      [5000, 2, 1],
      [1000, 1, 0],
    ] as const) {
      later(ms);
      expect(await verify('pk_known', 'sk_wrong')).toMatchObject({ ...REFUSED, signatures, asked });
      expect(await verify('pk_unknown', 'sk_wrong')).toMatchObject({ ...REFUSED, signatures, asked });
    }
  });

  it.each([
    ['own key', 'pk_own', 'sk_own', 'pk_own', undefined],
    ['no key', '', 'sk_own', 'pk_own', undefined],
    ['own secret under an unknown key', 'pk_before', 'sk_own', 'pk_own', undefined],
    ["a merchant's key", 'pk_known', 'sk_known', 'pk_known', 'pk_known'],
  ])('finds the account: %s', async (_, apiKey, secret, signer, account) => {
    const { outcome } = await verifier().verify(apiKey, secret);
    expect(outcome).toMatchObject({ kind: 'event', facts: { apiKey: signer, account } });
  });

  it.each([
    ["a merchant's secret under the own key", 'pk_own', 'sk_known'],
    ["another merchant's secret", 'pk_known', 'sk_other'],
    ["the own secret under a merchant's key", 'pk_known', 'sk_own'],
  ])('refuses %s', async (_, apiKey, secret) => {
    expect(await verifier().verify(apiKey, secret)).toMatchObject(REFUSED);
  });

  it('does not call resolveAccount for its own key', async () => {
    const { verify } = verifier();
    expect(await verify('pk_own', 'sk_wrong')).toMatchObject({ ...REFUSED, asked: 0 });
  });

  it('accepts an event up to the exact second of both limits', async () => {
    const { verify } = verifier({ others: undefined });
    for (const [seconds, kind] of [
      [-60, 'event'],
      [-61, 'untimely'],
      [3600, 'event'],
      [3601, 'untimely'],
    ] as const) {
      expect((await verify('pk_own', 'sk_own', AT / 1000 + seconds)).outcome).toMatchObject({ kind });
    }
  });

  it('reads a timestamp in seconds and in ms', async () => {
    const { verify } = verifier({ others: undefined });
    for (const timestamp of [AT / 1000, AT]) {
      expect((await verify('pk_own', 'sk_own', timestamp)).outcome).toMatchObject({ facts: { signedAt: AT } });
    }
  });

  it('refuses a webhook with any flipped bit of timestamp or data', async () => {
    const { settings } = verifier({ others: undefined });
    const data = { order: { orderId: '3316227378875113604', status: 'A', previousStatus: 'é' }, none: [] };
    const { body } = signWebhook({ secret: 'sk_own', path: '/hooks', timestamp: AT / 1000, data });
    const bytes = Buffer.from(body);
    const spans = [/"timestamp":(\d+)/, /"data":(.*)\}$/].map((pattern) => {
      const [whole = '', part = ''] = pattern.exec(bytes.toString('latin1')) ?? [];
      const start =
        bytes.indexOf(Buffer.from(whole, 'latin1')) + whole.length - part.length - (whole.endsWith('}}') ? 1 : 0);
      return { start, end: start + part.length };
    });
    expect(spans.map(({ start, end }) => bytes.toString('utf8', start, end))).toEqual([
      String(AT / 1000),
      JSON.stringify(data),
    ]);
    for (const { start, end } of spans) {
      for (let bit = start * 8; bit < end * 8; bit += 1) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await expect(verifyWebhook(settings, flipped, ['/hooks'])).rejects.toThrow(LalamoveWebhookException);
      }
    }
    await expect(verifyWebhook(settings, bytes, ['/hooks'])).resolves.toMatchObject({ kind: 'event' });
  });

  it.each([
    ['a clock that was set back while running', -86_400, 0, 'event'],
    ['a clock that was set forward while running', 3 * 86_400, 0, 'event'],
    ['a clock that was wrong at the start and is right now', 0, -86_400, 'event'],
    ['a clock that agrees that it is too old', 61, 61, 'untimely'],
    ['a clock that agrees that it is from the future', -3601, -3601, 'untimely'],
  ])('checks the age with both clocks: %s', async (_, wallSeconds, anchoredSeconds, kind) => {
    const clock = { now: () => AT + wallSeconds * 1000, setTimeout: () => () => undefined };
    const { verify } = verifier({ clock, anchored: () => AT + anchoredSeconds * 1000 });
    expect((await verify('pk_own', 'sk_own')).outcome).toMatchObject({ kind });
  });

  /** The result for a body with these `data`, if Lalamove signed that text. */
  const sent = async (signed: string, data: string): Promise<unknown> => {
    const { body } = signWebhook({ secret: 'sk_own', path: '/hooks', timestamp: AT / 1000, data: signed });
    const { settings } = verifier({ others: undefined });
    const received = Buffer.from(body.replace(/"data":.*/s, () => `"data":${data}}`));
    return verifyWebhook(settings, received, ['/hooks']).catch((error: unknown) => error);
  };

  it('accepts reformatted data, and reads the event from the signed text', async () => {
    const ways = fc.constantFrom<(value: unknown) => string>(
      (value) => JSON.stringify(value, null, 2),
      (value) => JSON.stringify(value, null, '\t').replaceAll('\n', '\r\n'),
      (value) => JSON.stringify(value).replaceAll('/', '\\/'),
      (value) => JSON.stringify(value).replace(/[\u0080-\uffff]/g, escaped),
    );
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), ways, async (value, write) => {
        const signed = JSON.stringify(value);
        const parsed: unknown = JSON.parse(signed);
        expect(await sent(signed, write(value))).toMatchObject({
          kind: 'event',
          facts: { data: signed },
          dataValue: parsed,
        });
      }),
    );
  });

  it('refuses data with another meaning', async () => {
    const other = fc.tuple(fc.jsonValue(), fc.jsonValue()).filter(([a, b]) => JSON.stringify(a) !== JSON.stringify(b));
    await fc.assert(
      fc.asyncProperty(other, fc.constantFrom(undefined, 1), async ([signed, value], indent) => {
        expect(await sent(JSON.stringify(signed), JSON.stringify(value, null, indent))).toMatchObject(REFUSED.outcome);
      }),
    );
  });

  it('refuses any changed id, even if JSON.parse would round it to the same number', async () => {
    const id: fc.Arbitrary<bigint> = fc.oneof(
      fc.bigInt({ min: 1n, max: 10n ** 20n }),
      // Exact as a number, but `JSON.stringify` writes other digits.
      fc.constantFrom(35_412_747_208_572_632n, 35_412_747_208_572_630n),
    );
    await fc.assert(
      fc.asyncProperty(id, fc.bigInt({ min: 1n, max: 300n }), async (signed, more) => {
        expect(await sent(`{"id":${signed}}`, `{"id": ${signed + more}}`)).toMatchObject(REFUSED.outcome);
        expect(await sent(`{"id":${signed}}`, `{"id": ${signed}}`)).toMatchObject({
          facts: { data: `{"id":${signed}}` },
        });
      }),
    );
  });

  it.each([
    ['an exponent', '{"a":100}', '{"a": 1e2}'],
    ['a trailing zero', '{"a":10.5}', '{"a":10.50}'],
    ['minus zero', '{"a":0}', '{"a":-0}'],
    ['a key that comes twice, of which the last one holds', '{"a":2}', '{"a":1,"a":2}'],
    ['a key of a prototype', '{"__proto__":{"a":1}}', '{"__proto__": {"a":1}}'],
    ['half a surrogate pair', String.raw`{"a":"\ud83c"}`, String.raw`{"a": "\uD83C"}`],
    ['a number of 22 digits that is exact', '{"a":1e+21}', '{"a":1000000000000000000000}'],
    ['white space around it', '{"a":1}', ' \r\n{"a":1}\t'],
  ])('reads the signed text if the body has %s', async (_, signed, data) => {
    expect(await sent(signed, data)).toMatchObject({ kind: 'event', facts: { data: signed } });
  });

  it.each([
    ['a number that is too large, if null was signed', '{"a":null}', '{"a":1e400}'],
    ['a number as a text', '{"a":"1"}', '{"a": 1}'],
    ['keys in another order', '{"a":1,"b":2}', '{"b":2, "a":1}'],
    ['the first of two keys', '{"a":1}', '{"a":1,"a":2}'],
    ['an empty text, if null was signed', '{"a":null}', '{"a": ""}'],
    ['a key without a prototype', '{}', '{"__proto__":{"a":1}}'],
  ])('refuses %s', async (_, signed, data) => {
    expect(await sent(signed, data)).toMatchObject(REFUSED.outcome);
  });

  it('accepts a parsed body if its JSON is the signed text', async () => {
    const { settings } = verifier({ others: undefined });
    const parsedOf = (data: string): { parsed: object } => {
      const { body } = signWebhook({ secret: 'sk_own', path: '/hooks', timestamp: AT / 1000, data });
      const parsed: unknown = JSON.parse(body);
      return { parsed: isRecord(parsed) ? parsed : {} };
    };
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const data = JSON.stringify(value);
        expect(await verifyWebhook(settings, parsedOf(data), ['/hooks'])).toMatchObject({ facts: { data } });
      }),
    );
    // The parser lost digits, so the signed text is unknown.
    await expect(verifyWebhook(settings, parsedOf('{"id":3284759483745893456}'), ['/hooks'])).rejects.toThrow();
    for (const parsed of [[], { data: 1n }, { a: 1 }]) {
      await expect(verifyWebhook(settings, { parsed }, ['/hooks'])).rejects.toThrow(LalamoveWebhookException);
    }
    await expect(verifyWebhook(settings, { parsed: {} }, ['/hooks'])).resolves.toEqual({ kind: 'probe' });
  });

  it('refuses data that are too deep to be rewritten', async () => {
    const depth = 200_000;
    const deep = `${'['.repeat(depth)} ${']'.repeat(depth)}`;
    expect(await sent('[]', deep)).toMatchObject(REFUSED.outcome);
  });

  it('throws only exceptions with 400 or 401 for any bytes', async () => {
    const { settings } = verifier();
    const piece = fc.oneof(
      fc.constantFrom(...BODY_TOKENS, '"apiKey":"pk_known"'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(piece, { maxLength: 20 }).map((pieces) => Buffer.from(pieces.join(''))),
      fc.array(piece, { maxLength: 8 }).map((pieces) => Buffer.from(`{"data":${pieces.join('')}}`)),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const outcome: unknown = await verifyWebhook(settings, body, ['/hooks']).catch((error: unknown) => error);
        if (outcome instanceof LalamoveWebhookException) expect([400, 401]).toContain(outcome.getStatus());
        else expect(outcome).toEqual({ kind: 'probe' });
      }),
      { numRuns: 500 },
    );
  });
});

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
