import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

const OTHER = { apiKey: 'pk_other', apiSecret: 'sk_other' };
const PATH = '/v3/quotations';
const DATA = { data: { serviceType: 'VAN', stops: [{ address: 'Mong Kok/Café' }] } };
const SENT = JSON.stringify(DATA);
const TIME = '1764316800123';

let sandbox: LalamoveSandbox;

beforeEach(async () => {
  sandbox = await LalamoveSandbox.start({ accounts: [OTHER] });
});

afterEach(() => sandbox.stop());

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string | Buffer;
  readonly authorization?: string;
}

/** Sends a request with exactly these bytes, and returns what the sandbox says of its signature. */
async function explained({ method = 'POST', path = PATH, body = SENT, authorization }: Sent): Promise<string> {
  const { hostname, port } = new URL(sandbox.url);
  const headers = { market: 'HK', ...(authorization !== undefined && { authorization }) };
  await new Promise<void>((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers }, (response) => {
      response.resume().on('end', resolve);
    });
    outgoing.on('error', reject).end(body);
  });
  const [seen] = await sandbox.control.requests();
  return seen?.explanation ?? 'none';
}

/** A header that signs this text. */
function signing(
  text: string | Buffer,
  { apiKey = 'pk_test_sandbox', apiSecret = 'sk_test_sandbox', time = TIME } = {},
) {
  return `hmac ${apiKey}:${time}:${createHmac('sha256', apiSecret).update(text).digest('hex')}`;
}

const head = (method: string, path: string): string => `${TIME}\r\n${method}\r\n${path}\r\n\r\n`;

const pretty = JSON.stringify(DATA, null, 2);
const asPython = '{"data": {"serviceType": "VAN", "stops": [{"address": "Mong Kok/Caf\\u00e9"}]}}';

describe('the explanation of a wrong signature', () => {
  it.each<[name: string, signed: string | Buffer, sent: Sent, explanation: RegExp]>([
    ['compact JSON', head('POST', PATH) + SENT, { body: pretty }, /at byte 2: .*compact JSON/],
    ['indented JSON', head('POST', PATH) + pretty, {}, /at byte 2: .*indented by 2/],
    ["Python's JSON", head('POST', PATH) + asPython, {}, /at byte 9: .*as Python/],
    ["PHP's JSON", head('POST', PATH) + SENT.replace('/', '\\/').replace('é', '\\u00e9'), {}, /byte 59: .*as PHP/],
    ['a line feed at the end', `${head('POST', PATH)}${SENT}\n`, {}, /at byte 70: .*line feed/],
    ['no line feed at the end', head('POST', PATH) + SENT, { body: `${SENT}\n` }, /at byte 70: .*without the white/],
    ['Latin-1', Buffer.concat([Buffer.from(head('POST', PATH)), Buffer.from(SENT, 'latin1')]), {}, /Latin-1/],
    ['CRLF', head('POST', PATH) + pretty.replaceAll('\n', '\r\n'), { body: pretty }, /at byte 2: .*with \\r\\n at/],
    ['LF', head('POST', PATH) + pretty, { body: pretty.replaceAll('\n', '\r\n') }, /at byte 2: .*line feeds alone/],
    ['NFC', head('POST', PATH) + SENT, { body: SENT.normalize('NFD') }, /at byte 63: .*composed/],
    ['NFD', head('POST', PATH) + SENT.normalize('NFD'), {}, /at byte 63: .*decomposed/],
    ['no body', head('POST', PATH), {}, /body was left out/],
    ['no envelope', head('POST', PATH) + JSON.stringify(DATA.data), {}, /without the envelope/],
    ['an object', `${head('POST', PATH)}[object Object]`, {}, /\[object Object\]/],
    ['a body where none was sent', `${head('GET', PATH)}{}`, { method: 'GET', body: '' }, /at byte 1: .*the text \{\}/],
    ['the path without /v3', head('POST', '/quotations') + SENT, {}, /without \/v3/],
    ["Lalamove's host", head('POST', `https://rest.lalamove.com${PATH}`) + SENT, {}, /with Lalamove's host/],
    ['no query', head('GET', PATH), { method: 'GET', path: `${PATH}?a=1`, body: '' }, /without its query/],
    ['a slash at the end', head('POST', `${PATH}/`) + SENT, {}, /slash at its end/],
    ['the method in small letters', head('post', PATH) + SENT, {}, /small letters\. Sign POST/],
    ['another method', head('PUT', PATH) + SENT, {}, /method PUT was signed, and POST was sent/],
    ['seconds', `1764316800\r\nPOST\r\n${PATH}\r\n\r\n${SENT}`, {}, /signed in seconds/],
    ['a clock that is read twice', `1764316800124\r\nPOST\r\n${PATH}\r\n\r\n${SENT}`, {}, /Another timestamp/],
    ['line feeds alone', `${TIME}\nPOST\n${PATH}\n\n${SENT}`, {}, /must end in \\r\\n/],
    ['two mistakes', head('post', '/quotations') + SENT, {}, /without \/v3.* And: .*small letters/],
  ])('names %s', async (_, signed, sent, explanation) => {
    expect(await explained({ ...sent, authorization: signing(signed) })).toMatch(explanation);
  });

  it('names the whole URL', async () => {
    const authorization = signing(head('POST', sandbox.url + PATH) + SENT);
    expect(await explained({ authorization })).toMatch(/whole URL was signed/);
  });

  it.each([
    ['another account', OTHER.apiSecret, /with the secret of pk_other/],
    ['a line feed', 'sk_test_sandbox\n', /white space/],
    ['the key', 'pk_test_sandbox', /with a key, and not with the secret/],
    ['nothing', '', /secret was empty/],
  ])('names a secret that is that of %s', async (_, apiSecret, explanation) => {
    const authorization = signing(head('POST', PATH) + SENT, { apiSecret });
    const text = await explained({ authorization });
    expect(text).toMatch(explanation);
    expect(text).not.toMatch(/sk_/);
  });

  it('says so if it knows no mistake, and then names the text that is to be signed', async () => {
    const text = await explained({ authorization: signing('something else') });
    expect(text).toMatch(/None of the usual mistakes/);
    expect(text).toContain(`${TIME}\\r\\nPOST\\r\\n/v3/quotations\\r\\n\\r\\n`);
  });

  it('says from which byte on a body is no UTF-8', async () => {
    const body = Buffer.from('{"data":{"é":"caf\xe9"}}', 'latin1');
    const authorization = signing(Buffer.concat([Buffer.from(head('POST', PATH)), body]));
    expect(await explained({ body, authorization })).toMatch(/not to be UTF-8, from byte 11 on/);
  });

  it.each([3_000, 30_000])('holds for JSON that is %d deep', async (depth) => {
    const body = '['.repeat(depth) + ']'.repeat(depth);
    expect(await explained({ body, authorization: signing('something else') })).toMatch(/None of the usual/);
    expect(await explained({ body, authorization: signing(head('POST', PATH)) })).toMatch(/None|left out/);
  });

  it.each([
    [undefined, /no header Authorization/],
    ['Bearer abc', /does not begin with "hmac"/],
    [`HMAC pk_test_sandbox:${TIME}:${'a'.repeat(64)}`, /capital letters/],
    [`hmac pk_test_sandbox:${'a'.repeat(64)}`, /2 parts/],
    [`hmac pk_test_sandbox:1764316800:${'a'.repeat(64)}`, /10 digits: these are seconds/],
    [`hmac pk_test_sandbox:${TIME}:${'A'.repeat(64)}`, /small letters/],
    [`hmac pk_test_sandbox:${TIME}:${Buffer.alloc(32).toString('base64')}`, /Base64/],
    [`hmac pk_test_sandbox:${TIME}:abc`, /has 3 characters/],
    [`hmac pk_unknown:${TIME}:${'a'.repeat(64)}`, /no account with the key pk_unknown\. It has: pk_test_sandbox, pk_o/],
    [`hmac sk_other:${TIME}:${'a'.repeat(64)}`, /secret was sent in the place of the key/],
  ])('explains the header %j', async (authorization, explanation) => {
    expect(await explained({ ...(authorization !== undefined && { authorization }) })).toMatch(explanation);
  });

  it('is absent if the signature is right', async () => {
    expect(await explained({ authorization: signing(head('POST', PATH) + SENT) })).toBe('none');
  });
});
