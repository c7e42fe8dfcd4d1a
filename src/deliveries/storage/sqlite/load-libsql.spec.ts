import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { failureOf } from '../../../../test/support/lalamove.js';
import { loadLibsql } from './load-libsql.js';

describe('loadLibsql', () => {
  afterEach(() => {
    jest.resetModules();
  });

  /** The message if libsql cannot be loaded, which ends as given. */
  async function messageFor(message: string, code: string): Promise<string> {
    const cause = Object.assign(new Error(message), { code });
    jest.unstable_mockModule('libsql', () => {
      throw cause;
    });
    const failure = await failureOf(loadLibsql());
    expect(failure).toMatchObject({ name: 'DeliveriesStoreException', cause });
    return failure.message;
  }

  it('tells of a missing platform package what it is, and what to pass to which bundler', async () => {
    const message = await messageFor("Cannot find module '@libsql/linux-x64-gnu'\nRequire stack:", 'MODULE_NOT_FOUND');
    expect(message).toContain('needs @libsql/linux-x64-gnu, the native package of libsql for this platform');
    expect(message).toContain('ncc build --external libsql');
    expect(message).toContain('npm install @libsql/linux-x64-gnu');
    expect(message).not.toContain('npm install libsql');
  });

  it('tells of one that is of another platform where to install', async () => {
    const message = await messageFor('Error relocating index.node: symbol not found', 'ERR_DLOPEN_FAILED');
    expect(message).toContain('Run npm install, or npm ci, on the platform on which the app runs.');
  });

  it('tells of a missing libsql how to install it', async () => {
    const message = await messageFor("Cannot find package 'libsql' imported from app.js", 'ERR_MODULE_NOT_FOUND');
    expect(message).toBe('The embedded database of deliveries needs the package libsql: npm install libsql');
  });
});
