import { createHmac, timingSafeEqual } from 'node:crypto';
import { isRecord } from '../../internal/is-record.js';
import type { SignatureVerdict } from './signature-verdict.js';

/** A request whose signature was not right. */
export interface UnsignedRequest {
  readonly method: string;
  /** As received, with the query. */
  readonly path: string;
  readonly body: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The keys of an account. */
interface Keys {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** The text that is signed, in its parts. */
interface Signed {
  readonly secret: string;
  readonly timestamp: string;
  readonly method: string;
  readonly path: string;
  readonly body: string | Buffer;
  /** How the parts are joined. */
  readonly join: (parts: Pick<Signed, 'timestamp' | 'method' | 'path'>) => string;
}

/** A usual mistake: what it changes in the text that is signed, and how it is explained. */
interface Mistake {
  readonly part: keyof Signed;
  readonly change: Partial<Signed>;
  readonly says: string;
}

/** A longer body is not tried in every form: each try computes a digest of it. */
const MAX_TRIED_BODY = 64_000;

/** Two mistakes at once have more than a thousand forms. */
const MAX_TRIED_TWICE = 8_000;

/** Explains why a request was not accepted as signed, as far as that can be known. The text contains no secret. */
export function explainSignature(
  verdict: SignatureVerdict,
  request: UnsignedRequest,
  accounts: readonly Keys[],
): string | undefined {
  const authorization = request.headers.authorization ?? '';
  if (verdict === 'no Authorization header')
    return 'The request has no header Authorization. Send "Authorization: hmac KEY:TIMESTAMP:SIGNATURE".';
  if (verdict === 'malformed Authorization header') return explainForm(authorization);
  if (verdict === 'unknown key') return explainKey(authorization, accounts);
  return verdict === 'wrong signature' ? explainDigest(authorization, request, accounts) : undefined;
}

function explainForm(authorization: string): string {
  const [scheme = '', rest = ''] = authorization.trim().split(/\s+/, 2);
  const parts = rest.split(':');
  const [, timestamp = '', signature = ''] = parts;
  const right = 'It must be "hmac KEY:TIMESTAMP:SIGNATURE".';
  if (scheme !== 'hmac') {
    const isCase = scheme.toLowerCase() === 'hmac';
    return isCase
      ? `The header Authorization begins with "hmac" in capital letters: write it in small letters. ${right}`
      : `The header Authorization does not begin with "hmac" and a blank. ${right}`;
  }
  if (parts.length !== 3)
    return `The header Authorization has ${parts.length} parts between colons, and not 3. ${right}`;
  if (/^\d{10}$/.test(timestamp))
    return 'The timestamp has 10 digits: these are seconds. Lalamove takes ms, which have 13 digits.';
  if (!/^\d{13}$/.test(timestamp)) return 'The timestamp is not Unix ms: a whole number with 13 digits.';
  if (/^[0-9a-f]{64}$/i.test(signature))
    return 'The signature is in capital letters. Write the hexadecimal digits in small letters.';
  if (/^[A-Za-z0-9+/]{43}=$/.test(signature)) return 'The signature is in Base64. Write it in lower-case hexadecimal.';
  return (
    `The signature has ${signature.length} characters. An HMAC-SHA256 in lower-case hexadecimal has 64 characters ` +
    'of 0-9 and a-f.'
  );
}

function explainKey(authorization: string, accounts: readonly Keys[]): string {
  const [, key = ''] = /^hmac ([^:\s]+):/.exec(authorization) ?? [];
  if (accounts.some(({ apiSecret }) => apiSecret === key))
    return 'The secret was sent in the place of the key. Swap the two: the secret must never leave your app.';
  const known = accounts.map(({ apiKey }) => apiKey).join(', ');
  return `The sandbox has no account with the key ${key}. It has: ${known}.`;
}

function explainDigest(authorization: string, request: UnsignedRequest, accounts: readonly Keys[]): string {
  const [, apiKey = '', timestamp = '', signature = ''] = /^hmac ([^:]+):(\d+):([0-9a-f]+)$/.exec(authorization) ?? [];
  const secret = accounts.find((account) => account.apiKey === apiKey)?.apiSecret ?? '';
  const { method, path, body } = request;
  const right: Signed = { secret, timestamp, method, path, body, join: joinRight };
  const wanted = Buffer.from(signature, 'hex');
  const isIt = (changes: readonly Mistake[]): boolean =>
    timingSafeEqual(digest(changes.reduce<Signed>((parts, { change }) => ({ ...parts, ...change }), right)), wanted);
  const mistakes = mistakesOf(right, request, accounts);
  const found = mistakes.find((mistake) => isIt([mistake]));
  if (found) return found.says;
  const isShort = body.length <= MAX_TRIED_TWICE;
  for (const [index, first] of mistakes.entries()) {
    const second =
      isShort && mistakes.slice(index + 1).find((other) => other.part !== first.part && isIt([first, other]));
    if (second) return `${first.says} And: ${second.says}`;
  }
  return (
    'None of the usual mistakes gives this signature. Compare the secret first. The signed text must be ' +
    `TIMESTAMP\\r\\nMETHOD\\r\\nPATH\\r\\n\\r\\nBODY, here ${timestamp}\\r\\n${method}\\r\\n${path}\\r\\n\\r\\n and ` +
    `then the ${Buffer.byteLength(body)} bytes of the body.${sayEncoding(body)}`
  );
}

/** Bytes that are no UTF-8 are read as the replacement character. */
function sayEncoding(body: string): string {
  const index = body.indexOf('\ufffd');
  if (index === -1) return '';
  const byte = Buffer.byteLength(body.slice(0, index)) + 1;
  return ` The body seems not to be UTF-8, from byte ${byte} on: write its JSON in UTF-8, and sign those bytes.`;
}

function joinRight({ timestamp, method, path }: Pick<Signed, 'timestamp' | 'method' | 'path'>): string {
  return `${timestamp}\r\n${method}\r\n${path}\r\n\r\n`;
}

function digest({ secret, body, join, ...parts }: Signed): Buffer {
  return createHmac('sha256', secret).update(join(parts), 'utf8').update(body).digest();
}

function mistakesOf(right: Signed, request: UnsignedRequest, accounts: readonly Keys[]): Mistake[] {
  return [
    ...bodyMistakes(right.body.toString()),
    ...pathMistakes(request),
    ...methodMistakes(right.method),
    ...timestampMistakes(right.timestamp),
    ...joinMistakes(),
    ...secretMistakes(right.secret, accounts),
  ];
}

function bodyMistakes(sent: string): Mistake[] {
  return formsOf(sent)
    .filter(([body]) => body !== sent)
    .map(([body, form]) => ({ part: 'body', change: { body }, says: sayBody(body, form, sent) }));
}

function sayBody(signed: string | Buffer, form: string, sent: string): string {
  const remedy = 'Sign the exact bytes that you send.';
  if (signed === '') return `The body was left out of the signed text. ${remedy}`;
  const byte = firstDifference(signed, sent);
  return `The body that was signed differs from the one sent at byte ${byte}: what was signed is ${form}. ${remedy}`;
}

/** The forms of a body that are signed by mistake, each with its name. */
function formsOf(sent: string): readonly (readonly [string | Buffer, string])[] {
  const forms: (readonly [string | Buffer, string])[] = [
    ['', 'nothing'],
    [`${sent}\n`, 'the body with a line feed at its end'],
    [sent.trim(), 'the body without the white space around it'],
    [sent.replaceAll('\r\n', '\n'), 'the body with line feeds alone at the ends of its lines'],
    [sent.replace(/\r?\n/g, '\r\n'), 'the body with \\r\\n at the ends of its lines'],
    [sent.normalize('NFC'), 'the body with composed characters (Unicode NFC)'],
    [sent.normalize('NFD'), 'the body with decomposed characters (Unicode NFD)'],
    ['{}', 'the text {}'],
    ['null', 'the text null'],
    ['undefined', 'the text undefined'],
    ['[object Object]', 'the text [object Object], because an object was signed and not its JSON'],
  ];
  if (sent.length > MAX_TRIED_BODY) return forms;
  try {
    return [...forms, ...formsOfJson(sent, JSON.parse(sent))];
  } catch {
    // It is no JSON, or so deep that it cannot be written.
    return forms;
  }
}

function formsOfJson(sent: string, value: unknown): readonly (readonly [string | Buffer, string])[] {
  const compact = JSON.stringify(value);
  const spaced = withSpaces(value);
  return [
    [compact, 'the body as compact JSON'],
    [JSON.stringify(value, null, 2), 'the body as JSON indented by 2 spaces'],
    [JSON.stringify(value, null, 4), 'the body as JSON indented by 4 spaces'],
    [JSON.stringify(value, null, '\t'), 'the body as JSON indented by tabs'],
    [spaced, 'the body as JSON with a space after each comma and colon, as Python writes it'],
    [escapedUnicode(spaced), 'the body as JSON with escaped characters, as Python writes it'],
    [escapedUnicode(compact), 'the body as JSON with escaped characters'],
    [escapedUnicode(compact).replaceAll('/', '\\/'), 'the body as JSON with escaped slashes, as PHP writes it'],
    [compact.replaceAll('/', '\\/'), 'the body as JSON with escaped slashes'],
    [JSON.stringify(sorted(value)), 'the body as compact JSON with sorted members'],
    [JSON.stringify(compact), 'the JSON of the JSON: it was written twice'],
    [Buffer.from(sent, 'latin1'), 'the body in the encoding Latin-1, and not UTF-8'],
    ...(isRecord(value) && 'data' in value
      ? [[JSON.stringify(value.data), 'the content of data alone, without the envelope { "data": … }'] as const]
      : [[JSON.stringify({ data: value }), 'the body in an envelope { "data": … }, which was not sent'] as const]),
  ];
}

function withSpaces(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(withSpaces).join(', ')}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}: ${withSpaces(member)}`)
    .join(', ')}}`;
}

function escapedUnicode(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

/** The first byte that differs; 1 is the first byte. */
function firstDifference(signed: string | Buffer, sent: string): number {
  const [a, b] = [Buffer.from(signed), Buffer.from(sent)];
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) if (a[index] !== b[index]) return index + 1;
  return length + 1;
}

function pathMistakes({ path, headers }: UnsignedRequest): Mistake[] {
  const [pathname = '', query] = path.split('?', 2);
  const { host = '' } = headers;
  const differs = (signed: string, says: string): Mistake[] =>
    signed === path ? [] : [{ part: 'path', change: { path: signed }, says: `${says} The path is ${path}.` }];
  return [
    ...(query === undefined ? [] : differs(pathname, 'The path was signed without its query.')),
    ...differs(path.replace(/^\/v3/, ''), 'The path was signed without /v3.'),
    ...differs(`/v3${path}`, 'The path was signed with /v3, and sent without it.'),
    ...['http://', 'https://', ''].flatMap((scheme) =>
      differs(`${scheme}${host}${path}`, 'The whole URL was signed, and not the path alone.'),
    ),
    ...['https://rest.sandbox.lalamove.com', 'https://rest.lalamove.com'].flatMap((origin) =>
      differs(`${origin}${path}`, "The path was signed with Lalamove's host."),
    ),
    ...differs(path.slice(1), 'The path was signed without the slash at its beginning.'),
    ...differs(`${path}/`, 'The path was signed with a slash at its end.'),
    ...differs(path.replace(/\/$/, ''), 'The path was signed without the slash at its end.'),
    ...differs(decodedPath(path), 'The path was signed decoded, and sent encoded.'),
    ...differs('', 'The path was left out of the signed text.'),
  ];
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function methodMistakes(method: string): Mistake[] {
  const others = ['GET', 'POST', 'PATCH', 'DELETE', 'PUT'].filter((other) => other !== method);
  const mistake = (signed: string, says: string): Mistake => ({ part: 'method', change: { method: signed }, says });
  return [
    mistake(method.toLowerCase(), `The method was signed in small letters. Sign ${method}.`),
    mistake('', 'The method was left out of the signed text.'),
    ...others.map((other) => mistake(other, `The method ${other} was signed, and ${method} was sent.`)),
  ];
}

function timestampMistakes(timestamp: string): Mistake[] {
  const seconds = timestamp.slice(0, -3);
  const says = 'The timestamp was signed in seconds, and sent in ms. Sign exactly the timestamp of the header.';
  const near = [-2, -1, 1, 2].map((ms) => String(Number(timestamp) + ms));
  return [
    { part: 'timestamp', change: { timestamp: seconds }, says },
    { part: 'timestamp', change: { timestamp: '' }, says: 'The timestamp was left out of the signed text.' },
    ...near.map((other): Mistake => ({
      part: 'timestamp',
      change: { timestamp: other },
      says: 'Another timestamp was signed than the one in the header. Read the clock once, and use it for both.',
    })),
  ];
}

function joinMistakes(): Mistake[] {
  const mistake = (join: Signed['join'], says: string): Mistake => ({ part: 'join', change: { join }, says });
  return [
    mistake(
      ({ timestamp, method, path }) => `${timestamp}\n${method}\n${path}\n\n`,
      'The lines of the signed text end in \\n. They must end in \\r\\n.',
    ),
    mistake(
      ({ timestamp, method, path }) => `${timestamp}\\r\\n${method}\\r\\n${path}\\r\\n\\r\\n`,
      'The signed text contains the letters \\r\\n, and not a carriage return and a line feed.',
    ),
    mistake(
      ({ timestamp, method, path }) => `${timestamp}\r\n${method}\r\n${path}\r\n`,
      'The signed text lacks the empty line between path and body.',
    ),
    mistake(({ timestamp, method, path }) => timestamp + method + path, 'The signed text has no line breaks.'),
  ];
}

function secretMistakes(secret: string, accounts: readonly Keys[]): Mistake[] {
  const mistake = (other: string, says: string): Mistake => ({ part: 'secret', change: { secret: other }, says });
  const white = 'The secret was used with white space around it, for example a line feed from a file.';
  const all = [
    ...accounts.map(({ apiKey, apiSecret }) => mistake(apiSecret, `It was signed with the secret of ${apiKey}.`)),
    ...accounts.map(({ apiKey }) => mistake(apiKey, 'It was signed with a key, and not with the secret.')),
    ...['\n', '\r\n', ' '].map((blank) => mistake(secret + blank, white)),
    mistake(` ${secret}`, white),
    mistake(`"${secret}"`, 'The secret was used with quotation marks around it.'),
    mistake('', 'The secret was empty.'),
    mistake('undefined', 'The secret was undefined.'),
  ];
  return all.filter(({ change }) => change.secret !== secret);
}
