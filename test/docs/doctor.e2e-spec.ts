import { afterEach, describe, expect, it } from '@jest/globals';
import { DOCTOR_CHECKS } from 'nestjs-lalamove/doctor';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { runDoctor } from '../../src/doctor/run-doctor.js';
import { accountOn } from '../support/account.js';
import { oneAccount, startWebhookHost } from '../webhooks/webhook-host.js';
import { failIfUnwell } from './examples/doctor.js';
import { fencesOf, read } from './fences.js';
import { listed, section } from './pages.js';

const PAGE = 'docs/guides/doctor.md';
const ends: (() => Promise<unknown>)[] = [];
const environment = { ...process.env };

afterEach(async () => {
  process.env = { ...environment };
  for (const end of ends.splice(0).reverse()) await end();
});

/** The outputs in the page. Lines that the page wraps are joined. */
const outputs = fencesOf(PAGE)
  .filter(({ language }) => language === 'text')
  .map(({ code }) => code.replace(/\n {28}/g, ' ').trim());

async function sandboxOf(): Promise<LalamoveSandbox> {
  const accounts = [{ apiKey: 'pk_test_singapore', apiSecret: 'sk_test_singapore', market: 'SG' }];
  const sandbox = await LalamoveSandbox.start({ accounts });
  ends.push(() => sandbox.stop());
  return sandbox;
}

async function shopOn(sandbox: LalamoveSandbox): Promise<string> {
  const { app, url } = await startWebhookHost('express', oneAccount({}, accountOn(sandbox)));
  ends.push(() => app.close());
  return url;
}

/** A proxy that removes `/public` from paths. */
async function proxyTo(target: string): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming;
    const forwarded = request(target + url.replace('/public', ''), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function variables({ apiKey, apiSecret, url }: LalamoveSandbox): Record<string, string> {
  return {
    LALAMOVE_API_KEY: apiKey,
    LALAMOVE_API_SECRET: apiSecret,
    LALAMOVE_MARKET: 'HK',
    LALAMOVE_BASE_URL: url,
  };
}

/** The output of the command, with the ports and times of the page. */
async function outputOf(args: readonly string[], sandbox: LalamoveSandbox): Promise<string> {
  const { out } = await runDoctor(args, { env: variables(sandbox), isColoured: false });
  const { host } = new URL(sandbox.url);
  return out
    .replaceAll(host, '127.0.0.1:4010')
    .replace(/127\.0\.0\.1:(?!4010)\d+/g, '127.0.0.1:3000')
    .replace(/\b\d+ ms/g, '12 ms')
    .trim();
}

const lineOf = (output: string, check: string): string | undefined =>
  output.split('\n').find((line) => line.split(/ +/)[1] === check);

describe(PAGE, () => {
  it('shows the output for an account without a problem', async () => {
    const sandbox = await sandboxOf();
    const url = await shopOn(sandbox);
    expect(outputs[0]).toBe(await outputOf(['--language', 'en_HK', '--webhook-url', `${url}/hooks`], sandbox));
  });

  it('shows the line of a proxy that changes the path', async () => {
    const sandbox = await sandboxOf();
    const proxy = await proxyTo(await shopOn(sandbox));
    const output = await outputOf(['--webhook-url', `${proxy}/public/hooks`], sandbox);
    expect(outputs[1]).toBe(lineOf(output, 'webhook-signature'));
  });

  it('shows the line of keys of another market', async () => {
    const sandbox = await sandboxOf();
    const args = ['--api-key', 'pk_test_singapore', '--api-secret', 'sk_test_singapore'];
    expect(outputs[2]).toBe(lineOf(await outputOf(args, sandbox), 'market-accepted'));
    expect(outputs).toHaveLength(3);
  });

  it('explains every check', () => {
    expect(listed(section(read(PAGE), '## What each check means', '## In a program'))).toEqual(DOCTOR_CHECKS);
  });

  it('names every flag', async () => {
    const { out } = await runDoctor(['--help'], { env: {}, isColoured: false });
    const flags = [...out.matchAll(/^ {2}(--[\w-]+)(?:, (--[\w-]+))?/gm)].flatMap(([, one, two]) => [one, two]);
    const missing = flags.filter((flag) => flag !== undefined && !read(PAGE).includes(`\`${flag}`));
    expect(flags.length).toBeGreaterThan(10);
    expect(missing).toEqual([]);
  });

  it('shows a program that works', async () => {
    const sandbox = await sandboxOf();
    Object.assign(process.env, variables(sandbox));
    await failIfUnwell();
    process.env.LALAMOVE_API_SECRET = 'sk_test_other';
    await expect(failIfUnwell()).rejects.toThrow(/failed +signature/);
  });
});
