import { describe, expect, it } from '@jest/globals';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { curlLine, quoted } from './curl-line.js';

describe('curlLine', () => {
  it('has the method, the headers that matter, and the body', () => {
    const headers = { host: 'x', authorization: 'hmac k:1:a', market: 'HK', 'content-length': '5' };
    expect(
      curlLine('http://127.0.0.1:4010', { method: 'POST', path: '/v3/orders?a=1', body: '{"a":1}', headers }),
    ).toBe(
      [
        "curl -i -X POST 'http://127.0.0.1:4010/v3/orders?a=1'",
        "-H 'authorization: hmac k:1:a'",
        "-H 'market: HK'",
        "-H 'content-type:'",
        `--data-raw '{"a":1}'`,
      ].join(' \\\n  '),
    );
    expect(curlLine('http://x', { method: 'GET', path: '/', body: '', headers: {} })).toBe("curl -i 'http://x/'");
  });

  it.each(["it's", '$(touch /tmp/x)`id`', 'a\nb', "'; exit 1; '", '\\', '"', '!!'])(
    'lets a shell change %j in no way',
    (text) => {
      expect(execFileSync('sh', ['-c', `printf %s ${quoted(text)}`]).toString()).toBe(text);
    },
  );

  it.each([
    ['POST', '/v3/orders', '@/etc/passwd', {}],
    [
      'POST',
      '/v3/orders',
      `{"a":"it's \\"$HOME\\" \\\\ \`id\` 東京 🛵\r\n\t%s!!"}`,
      { 'content-type': 'application/json' },
    ],
    ['PATCH', '/v3/orders/{1,2}?a[]=1&b=$x', '<a>', { market: 'HK', 'x-empty': '' }],
    ['GET', '/v3/../secret/./x?q=%27', '', { authorization: 'hmac a:1:b' }],
    ['GET', '/v3/cities', '{"a":1}', {}],
    ['HEAD', '/v3/cities', '', {}],
    ['DELETE', '/v3/orders/1', '', { market: "H'K" }],
  ])('repeats %s %s with the body %j by the real curl', async (method, path, body, headers) => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        const others = Object.entries(request.headers).filter(
          ([name]) => !/^(host|accept|user-agent|content-length)$/.test(name),
        );
        seen.push([request.method, request.url, text, Object.fromEntries(others)]);
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const base = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    await promisify(execFile)('sh', ['-c', `${curlLine(base, { method, path, body, headers })} -sS -m 5`]);
    server.close();
    expect(seen).toEqual([[method, path, body, headers]]);
  });
});
