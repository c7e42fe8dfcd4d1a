import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LalamoveService } from 'nestjs-lalamove';
import { DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { AppModule } from './examples/quick-start/app.module.js';
import { AppModule as DeliveriesAppModule } from './examples/quick-start/deliveries.module.js';
import { fencesOf, read } from './fences.js';
import { until } from '../support/until.js';

const README = read('README.md');
const environment = { ...process.env };
const workingFolder = process.cwd();

/** The curl commands, in order. */
const CURLS = fencesOf('README.md')
  .filter(({ language }) => language === 'sh')
  .flatMap(({ code }) => code.split(/^(?=curl )/m).filter((command) => command.startsWith('curl ')));

let sandbox: LalamoveSandbox;
let app: INestApplication | undefined;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'readme-'));
  process.chdir(folder);
  sandbox = await LalamoveSandbox.start({ drivers: 'quick' });
  // The lines of .env.
  Object.assign(process.env, {
    LALAMOVE_BASE_URL: sandbox.url,
    LALAMOVE_API_KEY: sandbox.apiKey,
    LALAMOVE_API_SECRET: sandbox.apiSecret,
    LALAMOVE_MARKET: 'HK',
  });
});

afterEach(async () => {
  await app?.close();
  app = undefined;
  await sandbox.stop();
  process.chdir(workingFolder);
  rmSync(folder, { recursive: true, force: true });
  process.env = { ...environment };
  jest.restoreAllMocks();
});

describe('README.md', () => {
  it('has at most 200 lines', () => {
    expect(README.trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  });

  it.each(['npm ci && npm start', 'npm ci && npm test'])('names the command %s', (command) => {
    expect(README).toContain(command);
  });

  it('has a quick start that orders, and sees the order completed', async () => {
    const said = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const url = await listening(AppModule);
    const { orderId } = await run(CURLS[0] ?? '', url);
    const tracked = await fetch(`${url}/orders/${String(orderId)}`);
    expect([tracked.status, await tracked.json()]).toEqual([200, expect.objectContaining({ orderId })]);
    await sandbox.advance('10s');
    await until(() => said.mock.calls.flat().includes(`Order ${String(orderId)} is COMPLETED`));
  });

  it('shows an error like consumers receive it', async () => {
    const url = await listening(AppModule);
    const [, route = '', status, body = ''] = /^GET (\S+)\n(\d+) ({[\s\S]*?})\n```/m.exec(README) ?? [];
    const response = await fetch(url + route);
    const shown = recordOf(JSON.parse(body));
    expect([String(response.status), await response.json()]).toEqual([
      status,
      { ...shown, requestId: expect.any(String) },
    ]);
  });

  it('books one delivery, even if its command runs several times', async () => {
    const said = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const url = await listening(DeliveriesAppModule);
    const book = CURLS[1] ?? '';
    const [first, second] = [await run(book, url), await run(book, url)];
    expect([first.reference, second.createdAt]).toEqual(['A-1', first.createdAt]);
    const deliveries = app?.get(DeliveriesService);
    await until(async () => (await deliveries?.get('A-1'))?.state === 'assigning');
    expect(sandbox.ledger.total.orderIds).toHaveLength(1);
    await sandbox.advance('10s');
    await until(() => said.mock.calls.flat().includes('Delivery A-1 is completed'));
  });
});

async function listening(module: Type): Promise<string> {
  app = await NestFactory.create(module, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  await app.get(LalamoveService).setWebhookUrl(`${url}/webhooks/lalamove`);
  return url;
}

/** Runs a command of the page against the app, and reads its answer. */
async function run(command: string, url: string): Promise<Record<string, unknown>> {
  const here = command.replace('localhost:3000', url);
  const { stdout } = await promisify(execFile)('bash', ['-euc', here]);
  return recordOf(JSON.parse(stdout));
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${String(value)} is not an object.`);
  return { ...value };
}
