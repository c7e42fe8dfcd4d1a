import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AccountSecrets } from './account-secrets.js';
import { signWebhook } from './sign-webhook.js';
import { LalamoveWebhookException } from './webhook.exceptions.js';
import { verifyWebhook, type VerifierSettings } from './webhook-verifier.js';

const AT = Date.parse('2026-11-22T08:00:00Z');
const MERCHANTS: Readonly<Record<string, string>> = { pk_known: 'sk_known', pk_other: 'sk_other' };

/** A verifier with one path, that tells how often it made a signature over it. */
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
    /** How often it made a signature, and asked, for this webhook, and what became of it. */
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
  it('does as much for an unknown key as for a signature that does not fit, now and when it is to ask again', async () => {
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
    ['own secret under a key that nobody knows', 'pk_before', 'sk_own', 'pk_own', undefined],
    ["a merchant's key", 'pk_known', 'sk_known', 'pk_known', 'pk_known'],
  ])('says whose it is: %s', async (_, apiKey, secret, signer, account) => {
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

  it('asks nobody for the own key', async () => {
    const { verify } = verifier();
    expect(await verify('pk_own', 'sk_wrong')).toMatchObject({ ...REFUSED, asked: 0 });
  });

  it('is timely to the second at both ends', async () => {
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

  it('reads a timestamp in seconds and in ms as the same time', async () => {
    const { verify } = verifier({ others: undefined });
    for (const timestamp of [AT / 1000, AT]) {
      expect((await verify('pk_own', 'sk_own', timestamp)).outcome).toMatchObject({ facts: { signedAt: AT } });
    }
  });

  it('refuses every bit of timestamp and data that is flipped, and nothing else than refuses', async () => {
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
  ])('judges an event by either time: %s', async (_, wallSeconds, anchoredSeconds, kind) => {
    const clock = { now: () => AT + wallSeconds * 1000, setTimeout: () => () => undefined };
    const { verify } = verifier({ clock, anchored: () => AT + anchoredSeconds * 1000 });
    expect((await verify('pk_own', 'sk_own')).outcome).toMatchObject({ kind });
  });

  it('takes any bytes, and throws nothing but what is answered with 400 or 401', async () => {
    const { settings } = verifier();
    const piece = fc.oneof(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        ':',
        ',',
        '\\',
        '"data":',
        '"d\\u0061ta":',
        'null',
        '1',
        ' ',
        '"apiKey":"pk_known"',
      ),
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
