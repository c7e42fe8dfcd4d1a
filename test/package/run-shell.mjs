import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Runs a command line of bash, and returns what it prints.
 *
 * @param {string} cwd
 * @param {string} command
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string>}
 * @throws {Error} with all that it printed, if it fails
 */
export async function runShell(cwd, command, env = process.env) {
  const options = { cwd, env, maxBuffer: 64 * 1024 * 1024 };
  try {
    return (await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    throw new Error(`This failed in ${cwd}: ${command}\n${stdout}\n${stderr}`, { cause: error });
  }
}
