import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpService } from '@nestjs/axios';
import type { Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { getLalamoveHttpToken, LalamoveService } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

const environment = { ...process.env };
const workingFolder = process.cwd();

let folder: string;
let sandbox: LalamoveSandbox;

beforeEach(async () => {
  sandbox = await LalamoveSandbox.start();
  folder = mkdtempSync(join(tmpdir(), 'configuration-'));
  process.chdir(folder);
});

afterEach(async () => {
  process.chdir(workingFolder);
  rmSync(folder, { recursive: true, force: true });
  process.env = { ...environment };
  await sandbox.stop();
});

const keysOf = (prefix: string): Record<string, string> => ({
  [`${prefix}KEY`]: sandbox.apiKey,
  [`${prefix}SECRET`]: sandbox.apiSecret,
});

/** The variables of an account on the sandbox. */
const variables = (): Record<string, string> => ({
  ...keysOf('LALAMOVE_API_'),
  LALAMOVE_MARKET: 'HK',
  LALAMOVE_BASE_URL: sandbox.url,
});

function writeEnv(name: string, values: Record<string, string>): void {
  const lines = Object.entries(values).map(([variable, value]) => `${variable}=${value}\n`);
  writeFileSync(join(folder, name), lines.join(''));
}

/** Loads an example. Each is loaded once, because `ConfigModule.forRoot` reads the files at the import. */
async function compiled(name: string): Promise<TestingModule> {
  const { AppModule } = (await import(`./examples/configuration/${name}.js`)) as { AppModule: Type };
  return Test.createTestingModule({ imports: [AppModule] }).compile();
}

/** What a call of the module would send. Nothing is sent. */
async function sentBy(module: TestingModule): Promise<Record<string, unknown>> {
  const { axiosRef } = module.get<HttpService>(getLalamoveHttpToken());
  let sent: Record<string, unknown> = {};
  axiosRef.interceptors.request.use(({ url, headers, timeout }) => {
    const [, apiKey] = /^hmac ([^:]+):/.exec(String(headers.get('Authorization'))) ?? [];
    sent = { url, apiKey, market: headers.get('Market'), timeout };
    return Promise.reject(new Error('Nothing is sent in this test.'));
  });
  await expect(module.get(LalamoveService).getCities()).rejects.toThrow();
  return sent;
}

describe('the examples of docs/guides/configuration.md', () => {
  it('read .env files, of which the first wins, and the environment before both', async () => {
    writeEnv('.env', { ...variables(), LALAMOVE_MARKET: 'XX', LALAMOVE_TIMEOUT_MS: 'wrong' });
    writeEnv('.env.test', { LALAMOVE_MARKET: 'YY', LALAMOVE_TIMEOUT_MS: '4000' });
    Object.assign(process.env, { NODE_ENV: 'test', LALAMOVE_MARKET: 'HK' });
    const module = await compiled('from-files');
    expect((await module.get(LalamoveService).getCities()).length).toBeGreaterThan(0);
    expect(await sentBy(module)).toMatchObject({ market: 'HK', apiKey: sandbox.apiKey });
  });

  it('read ConfigService', async () => {
    writeEnv('.env', { SHOP_COURIER_KEY: 'pk_test_shop', SHOP_COURIER_SECRET: 'sk_test_shop', SHOP_COUNTRY: 'SG' });
    expect(await sentBy(await compiled('config-service'))).toMatchObject({ market: 'SG', apiKey: 'pk_test_shop' });
  });

  it('read a namespace of registerAs', async () => {
    writeEnv('.env', variables());
    const module = await compiled('namespace');
    expect((await module.get(LalamoveService).getCities()).length).toBeGreaterThan(0);
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const probe = await fetch(`${await app.getUrl()}/webhooks/lalamove`, { method: 'POST' });
    await app.close();
    expect(probe.status).toBe(200);
  });

  it('refuse keys of another stage', async () => {
    writeEnv('.env', { ...variables(), STAGE: 'production' });
    await expect(compiled('validated')).rejects.toThrow('LALAMOVE_API_KEY does not belong to STAGE.');
  });

  it('read a secret from a file', async () => {
    const { LALAMOVE_API_SECRET: secret = '', ...others } = variables();
    writeFileSync(join(folder, 'secret'), `${secret}\n`);
    Object.assign(process.env, others, { LALAMOVE_API_SECRET_FILE: join(folder, 'secret') });
    const module = await compiled('secret-file');
    expect((await module.get(LalamoveService).getCities()).length).toBeGreaterThan(0);
  });
});
