import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { signWebhook } from 'nestjs-lalamove';
import { DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { AppModule as LevelsModule } from './examples/levels/app.module.js';
import { AppModule } from './examples/quick-start/app.module.js';
import { fencesOf, read } from './fences.js';

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
  sandbox = await LalamoveSandbox.start({ drivers: 'prompt' });
  // The four lines that the sandbox prints for .env.
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

  it('has a quick start whose commands quote and order', async () => {
    const url = await listening(AppModule);
    const [quote = '', order = ''] = CURLS;
    const quotation = await run(quote, url);
    const [pickUp, dropOff] = arrayOf(quotation.stops);
    const ids = [quotation.quotationId, pickUp?.stopId, dropOff?.stopId];
    const { orderId } = await run(filled(order, ids), url);
    const tracked = await fetch(`${url}/orders/${String(orderId)}`);
    expect([tracked.status, await tracked.json()]).toEqual([200, expect.objectContaining({ orderId })]);
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

  it('has a handler that a webhook reaches', async () => {
    const said = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const url = await listening(LevelsModule);
    const { body, headers } = signWebhook({
      secret: sandbox.apiSecret,
      path: '/webhooks/lalamove',
      data: { order: { orderId: '7', status: 'COMPLETED' } },
    });
    expect((await fetch(`${url}/webhooks/lalamove`, { method: 'POST', body, headers })).status).toBe(200);
    await until(() => said.mock.calls.flat().some((line) => String(line).startsWith('7 is COMPLETED since ')));
  });

  it('books one delivery, even if its command runs several times', async () => {
    const url = await listening(LevelsModule);
    const book = CURLS[2] ?? '';
    const [first, second] = [await run(book, url), await run(book, url)];
    expect([first.reference, second.createdAt]).toEqual(['A-1', first.createdAt]);
    const deliveries = app?.get(DeliveriesService);
    await until(async () => (await deliveries?.get('A-1'))?.state === 'assigning');
    expect(sandbox.ledger.total.orderIds).toHaveLength(1);
  });
});

async function listening(module: Type): Promise<string> {
  app = await NestFactory.create(module, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

/** Runs a command of the page against the app, and reads its answer. */
async function run(command: string, url: string): Promise<Record<string, unknown>> {
  const here = command.replace('localhost:3000', url);
  const { stdout } = await promisify(execFile)('bash', ['-euc', here]);
  return recordOf(JSON.parse(stdout));
}

/** A command whose dots are replaced by ids. */
function filled(command: string, ids: readonly unknown[]): string {
  const rest = ids.map(String);
  return command.replace(/…/g, () => rest.shift() ?? '…');
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${String(value)} is not an object.`);
  return { ...value };
}

function arrayOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries === 1000) throw new Error('The condition is still false.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
