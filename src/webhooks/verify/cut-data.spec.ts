import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isRecord } from '../../internal/is-record.js';
import { cutData } from './cut-data.js';
import { readWebhookBody } from './webhook-body.js';

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 3 });

/** A JSON string in which each character may be written as an escape. */
const string = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        fc.constantFrom('"', '\\', '{', '}', ',', ':', '/'),
      ),
      fc.boolean(),
    ),
    { maxLength: 6 },
  )
  .map(
    (units) =>
      `"${units.map(([unit, isEscaped]) => (isEscaped ? escaped(unit) : JSON.stringify(unit).slice(1, -1))).join('')}"`,
  );

function escaped(text: string): string {
  return Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

/** The key `data` and similar keys, plain and with escapes. */
const key = fc.oneof(
  string,
  fc.constantFrom(
    '"data"',
    '"d\\u0061ta"',
    '"\\u0064\\u0061\\u0074\\u0061"',
    '"Data"',
    '"data "',
    '"\\"data"',
    '"dat\\\\u0061"',
    '""',
    '"__proto__"',
  ),
);

/** JSON texts with white space at any allowed place. */
const { value, object } = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    string,
    fc.constantFrom('null', 'true', 'false', '0', '-1.50', '1E+2', '3316227378875113604'),
    tie('object'),
    tie('list'),
  ),
  list: fc
    .tuple(space, fc.array(fc.tuple(space, tie('value'), space), { maxLength: 3 }))
    .map(([inner, entries]) => `[${entries.map((entry) => entry.join('')).join(',') || inner}]`),
  object: fc
    .tuple(space, fc.array(fc.tuple(space, key, space, fc.constant(':'), space, tie('value'), space), { maxLength: 4 }))
    .map(([inner, entries]) => `{${entries.map((entry) => entry.join('')).join(',') || inner}}`),
}));

/** Every member of the outermost object, including duplicate keys. */
function members(text: string): [string, unknown][] {
  const found: [string, unknown][] = [];
  // `JSON.parse` keeps only the last of two equal keys, so each key gets a number first.
  let depth = 0;
  let isKey = true;
  const renamed = text.replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gs, (token) => {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    if (depth === 1 && token === ':') isKey = false;
    if (depth === 1 && (token === ',' || token === '{')) isKey = true;
    if (depth !== 1 || !isKey || !token.startsWith('"')) return token;
    const name: unknown = JSON.parse(token);
    found.push([String(name), undefined]);
    return `"#${found.length - 1}"`;
  });
  const parsed: unknown = JSON.parse(renamed);
  return found.map(([name], index) => [name, isRecord(parsed) ? parsed[`#${index}`] : undefined]);
}

describe('cutData', () => {
  it('finds the same data as JSON.parse, and recognises two of them', () => {
    fc.assert(
      fc.property(space, object, space, (before, text, after) => {
        const body = Buffer.from(before + text + after);
        const all = members(text).filter(([name]) => name === 'data');
        const cut = cutData(body);
        if (all.length !== 1) {
          expect(cut).toBe(all.length === 0 ? 'absent' : 'twice');
          return;
        }
        if (typeof cut === 'string') throw new Error(`It found ${cut}.`);
        expect(JSON.parse(body.toString('utf8', cut.start, cut.end))).toEqual(all[0]?.[1]);
        expect(body.toString('utf8', cut.start, cut.end).trim()).toHaveLength(
          body.toString('utf8', cut.start, cut.end).length,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('accepts only an object', () => {
    fc.assert(
      fc.property(value, (text) => {
        expect(cutData(Buffer.from(text)) === 'no-object').toBe(!text.startsWith('{'));
      }),
    );
  });

  it('ends for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, isBegun) => {
        const body = isBegun ? Buffer.concat([Buffer.from('{"data":'), bytes]) : bytes;
        const cut = cutData(body);
        if (typeof cut === 'object') expect(cut.start <= cut.end && cut.end <= body.length).toBe(true);
      }),
    );
  });

  it('reads each byte only a few times', () => {
    const bodies = ['{"data":', '{"a":', '[', '"', '\\', ',', ' ', '{"\\u', '{"data":"\\"', '{"a":1,'].map((text) =>
      Buffer.from(text.repeat(200)),
    );
    const manyKeys = Buffer.from(`{${'"\\u0064at":[],'.repeat(200)}"data":1}`);
    for (const body of [...bodies, manyKeys]) {
      let reads = 0;
      const counting = new Proxy(body, {
        get: (target, name) => {
          reads += 1;
          const found: unknown = Reflect.get(target, name, target);
          return typeof found === 'function' ? bound(found, target) : found;
        },
      });
      cutData(counting);
      expect(reads).toBeLessThan(body.length * 6 + 20);
    }
  });
});

describe('readWebhookBody', () => {
  it('accepts the same texts as JSON.parse', () => {
    const spoilt = fc.tuple(object, fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
      const bytes = Buffer.from(text);
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(
        fc.oneof(
          object.map((text) => Buffer.from(text)),
          value.map((text) => Buffer.from(text)),
          spoilt,
        ),
        (bytes) => {
          const body = readWebhookBody(bytes);
          expect(body === 'not-json').toBe(!isJson(bytes.toString()) && body !== 'data-twice' && body !== undefined);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes time in proportion to its input', () => {
    const texts = (count: number): string[] => [
      `{"data":${'['.repeat(count)}${']'.repeat(count)}}`,
      `{"data":"${'\\\\'.repeat(count)}"}`,
      `{${'"a":1,'.repeat(count)}"data":1}`,
      `{"data":${' '.repeat(count)}1}`,
      `{"data":${'"'.repeat(count)}}`,
      `{"data":1${'{'.repeat(count)}`,
    ];
    for (const text of texts(150_000)) {
      const before = performance.now();
      readWebhookBody(Buffer.from(text));
      // A few ms; quadratic time would be minutes.
      expect(performance.now() - before).toBeLessThan(2000);
    }
  });
});

/** A method of a byte array, bound to the array, because it does not work on a proxy. */
function bound(method: object, target: Uint8Array): (...args: unknown[]) => unknown {
  return (...args) => {
    const answer: unknown = typeof method === 'function' ? Reflect.apply(method, target, args) : undefined;
    return answer;
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
