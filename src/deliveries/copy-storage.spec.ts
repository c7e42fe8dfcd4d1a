import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { copyStorage } from './copy-storage.js';
import { migrateStorage } from './migrate-storage.js';

const USAGE = 'Usage: lalamove-deliveries-copy --from FILE --to postgres://';
const SECRET = 'hunter2';
/** Nothing listens there. */
const NOWHERE = `postgres://shop:${SECRET}@127.0.0.1:1/shop`;

describe('lalamove-deliveries-copy', () => {
  it.each([
    ['none', []],
    ['without a target', ['--from', 'missing.db']],
    ['without a file', ['--to', NOWHERE]],
    ['with an empty file', ['--from', '', '--to', NOWHERE]],
    ['with an empty target', ['--from', 'missing.db', '--to', '']],
    ['in the other direction', ['--from', NOWHERE, '--to', 'missing.db']],
    ['with a database in memory', ['--from', ':memory:', '--to', NOWHERE]],
    ['with an empty schema', ['--from', 'missing.db', '--to', NOWHERE, '--schema', '']],
    ['with a schema that is too long', ['--from', 'missing.db', '--to', NOWHERE, '--schema', 'x'.repeat(64)]],
    ['with an unknown option', ['--from', 'missing.db', '--to', NOWHERE, '--force']],
    ['with the target as a position', ['--from', 'missing.db', NOWHERE]],
  ])('returns its usage if its arguments are %s, and never the password', async (_, args) => {
    const { code, message } = await copyStorage(args);
    expect([code, message]).toEqual([2, expect.stringContaining(USAGE)]);
    expect(message).not.toContain(SECRET);
    expect(existsSync('missing.db')).toBe(false);
  });

  it('refuses a file that does not exist, and does not make it', async () => {
    const { code, message } = await copyStorage(['--from', 'missing.db', '--to', NOWHERE]);
    expect([code, message]).toEqual([1, expect.stringContaining('missing.db does not exist')]);
    expect(existsSync('missing.db') || existsSync('missing.db.lock')).toBe(false);
  });
});

describe.each([
  ['lalamove-deliveries-migrate', (url: string) => migrateStorage([url])],
  ['lalamove-deliveries-copy', (url: string) => copyStorage(['--from', 'missing.db', '--to', url])],
])('the connection string of %s', (_, run) => {
  it.each([
    'postgres://shop:hun/ter2@127.0.0.1/shop',
    'postgres://shop:12/ter2@127.0.0.1/shop',
    'postgres://shop:12?ter2@127.0.0.1/shop',
    'postgres://shop:12#ter2@127.0.0.1/shop',
    'postgres://shop:hun%zzter2@127.0.0.1/shop',
    'postgres:hunter2',
    'postgres://',
    'postgres://shop:hunter2 @127.0.0.1/shop',
  ])('must have its password encoded, and is not quoted: %s', async (url) => {
    const { code, message } = await run(url);
    expect([code, message]).toEqual([2, expect.stringContaining('%40')]);
    expect(message).not.toContain('ter2');
  });
});

describe('lalamove-deliveries-migrate', () => {
  it.each([
    ['a file beside a connection string', [NOWHERE, 'deliveries.db']],
    ['--accept-restored beside a connection string', [NOWHERE, '--accept-restored']],
    ['an empty schema', [NOWHERE, '--schema', '']],
    ['a schema of a file', ['missing.db', '--schema', 'shop']],
  ])('returns its usage for %s', async (_, args) => {
    const { code, message } = await migrateStorage(args);
    expect([code, message]).toEqual([2, expect.stringContaining('[--schema NAME]')]);
    expect(message).not.toContain(SECRET);
    expect(existsSync('missing.db')).toBe(false);
  });

  it('says that the server does not answer, without the password', async () => {
    const { code, message } = await migrateStorage([NOWHERE]);
    expect([code, message]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
    expect(message).not.toContain(SECRET);
  });
});
