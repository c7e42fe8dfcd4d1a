import { isRecord } from '../internal/is-record.js';
import { parsedJson } from '../internal/parsed-json.js';
import { redact } from '../internal/redact.js';

/** Members that are blanked wherever they stand: as they are known, and as an API may name them one day. */
const PERSONAL = /phone|mobile|e-?mail|address|remarks?$|plate|photo|image|signature|share_?link|metadata|[a-z_]name$/i;

/** Objects of a person, in which `name` is blanked. Cities and special requests have a name too. */
const PERSONS = /driver|sender|recipient|contact|customer/i;

/** What texts may quote: messages of errors, and pages that are no JSON. */
const QUOTED: readonly (readonly [pattern: RegExp, blank: string])[] = [
  [/https?:\/\/share\.[^\s"'<>\\,]+/gi, '<link>'],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '<email>'],
  [/\+\d(?:[ ()-]?\d){6,14}\b/g, '<phone>'],
  [/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, '<ip>'],
  [/\b[0-9a-f]{64}\b/gi, '<signature>'],
];

/** Headers whose values may tell who asked. */
const PERSONAL_HEADERS = new Set(['set-cookie', 'cookie', 'x-forwarded-for', 'x-real-ip', 'x-llm-location', 'cf-ray']);

/** Blanks personal data and keys of an exchange. Names, types and lengths of lists stay. */
export class Blanking {
  constructor(private readonly secrets: readonly string[]) {}

  headers(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
    const blanked = Object.entries(headers).flatMap(([name, value]) => {
      if (value === undefined) return [];
      const lower = name.toLowerCase();
      if (lower === 'authorization')
        return [[lower, value.replace(/^hmac [^:]*:(\d*):.*$/, 'hmac <key>:$1:<signature>')]];
      return [[lower, PERSONAL_HEADERS.has(lower) ? '<blanked>' : this.#text(value)]];
    });
    return Object.fromEntries(blanked) as Record<string, string>;
  }

  body(body: string): string {
    const value = parsedJson(body);
    if (value === undefined) return this.#text(body);
    // As recorded, answers of Lalamove end with a newline.
    return this.#text(JSON.stringify(this.#value(value))) + (body.endsWith('\n') ? '\n' : '');
  }

  #text(text: string): string {
    const withoutKeys = redact(text, this.secrets);
    return QUOTED.reduce((blanked, [pattern, blank]) => blanked.replace(pattern, blank), withoutKeys);
  }

  #value(value: unknown, parent = ''): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#value(each, parent));
    if (!isRecord(value)) return value;
    const has = (...names: string[]): boolean => names.some((name) => name in value);
    const isPerson = has('phone', 'plateNumber', 'driverId') || PERSONS.test(parent);
    // The places of the scenario's own stops are not those of a person.
    const isDriver = has('plateNumber', 'driverId') || /driver/i.test(parent);
    const isBlanked = (key: string): boolean =>
      PERSONAL.test(key) ||
      (isPerson && key === 'name') ||
      (isDriver && key === 'coordinates') ||
      (key === 'value' && /code$/i.test(parent));
    const entries = Object.entries(value).map(([key, member]): [string, unknown] => [
      key,
      isBlanked(key) ? blankedValue(member, key) : this.#value(member, key),
    ]);
    return Object.fromEntries(entries);
  }
}

function blankedValue(value: unknown, name: string): unknown {
  if (typeof value === 'string') return value === '' ? '' : `<${name}>`;
  if (typeof value === 'number') return 0;
  if (Array.isArray(value)) return value.map((each) => blankedValue(each, name));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, blankedValue(member, key)]));
}
