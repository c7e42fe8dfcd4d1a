import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runShell } from './run-shell.mjs';

/**
 * Installs a version of Node out of npm, and returns the folder of its binary, for PATH.
 *
 * @param {string} folder where to install it
 * @param {string} version
 */
export async function nodeBinary(folder, version) {
  mkdirSync(folder, { recursive: true });
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  await runShell(folder, `npm init -y && npm install --no-audit --no-fund ${name}@${version}`);
  return join(folder, 'node_modules', name, 'bin');
}
