import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { failureOf } from '../../../../test/support/lalamove.js';
import { loadLibsql } from './load-libsql.js';

describe('loadLibsql', () => {
  afterEach(() => {
    jest.resetModules();
  });

  /** The message of the error if the import of libsql fails with this message and code. */
  async function messageFor(message: string, code: string): Promise<string> {
    const cause = Object.assign(new Error(message), { code });
    jest.unstable_mockModule('libsql', () => {
      throw cause;
    });
    const failure = await failureOf(loadLibsql());
    expect(failure).toMatchObject({ name: 'DeliveriesStoreException', cause });
    return failure.message;
  }

  it('names the missing platform package, and the option for each bundler', async () => {
    const message = await messageFor("Cannot find module '@libsql/linux-x64-gnu'\nRequire stack:", 'MODULE_NOT_FOUND');
    expect(message).toContain('needs @libsql/linux-x64-gnu, the native package of libsql for this platform');
    expect(message).toContain('ncc build --external libsql');
    expect(message).toContain('npm install @libsql/linux-x64-gnu');
    expect(message).not.toContain('npm install libsql');
  });

  it('says where to install if the package is for another platform', async () => {
    const message = await messageFor('Error relocating index.node: symbol not found', 'ERR_DLOPEN_FAILED');
    expect(message).toContain('Run npm install, or npm ci, on the platform on which the app runs.');
  });

  it('says how to install libsql if it is missing', async () => {
    const message = await messageFor("Cannot find package 'libsql' imported from app.js", 'ERR_MODULE_NOT_FOUND');
    expect(message).toBe('The embedded database of deliveries needs the package libsql: npm install libsql');
  });
});
