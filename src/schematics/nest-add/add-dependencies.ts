import { isRecord, isStringMap } from '../../internal/is-record.js';
import { textOf, type Tree } from './schematic.js';

/** The peers that every app needs, beside `@nestjs/axios`. */
const PEERS = { axios: '^1.7.0', 'class-transformer': '^0.5.1', 'class-validator': '^0.15.1' };

/** The peers of the deliveries' SQLite file. */
const DELIVERIES_PEERS = { kysely: '^0.28.17', libsql: '^0.5.29' };

/** The Jest of Nest 11 cannot load @nestjs/axios 12. */
const NEST_AXIOS: Readonly<Record<string, string>> = { '11': '^4.0.1', '12': '^12.0.1' };

const LOCK_FILES = { 'pnpm-lock.yaml': 'pnpm', 'yarn.lock': 'yarn', 'bun.lock': 'bun', 'bun.lockb': 'bun' };

/**
 * Adds the peers to package.json. A peer that it names already stays as it is.
 *
 * @returns the package manager that must install; `undefined` if nothing was added
 * @throws Error if there is no package.json of a Nest 11 or 12 app
 */
export function addDependencies(tree: Tree, deliveries: boolean): string | undefined {
  const text = textOf(tree, 'package.json');
  const manifest: unknown = text === undefined ? undefined : JSON.parse(text);
  if (text === undefined || !isRecord(manifest)) {
    throw new Error('There is no package.json here: run nest add in the folder of your Nest app.');
  }
  const given = isStringMap(manifest.dependencies) ? manifest.dependencies : {};
  const own = isStringMap(manifest.devDependencies) ? { ...manifest.devDependencies, ...given } : given;
  const needed = { '@nestjs/axios': nestAxios(tree, own), ...PEERS, ...(deliveries && DELIVERIES_PEERS) };
  const missing = Object.entries(needed).filter(([name]) => own[name] === undefined);
  if (missing.length === 0) return undefined;
  const all = Object.entries({ ...given, ...Object.fromEntries(missing) });
  const dependencies = Object.fromEntries(all.sort(([one], [other]) => (one < other ? -1 : 1)));
  const indentation = /^[ \t]+/m.exec(text)?.[0] ?? '  ';
  tree.overwrite('package.json', `${JSON.stringify({ ...manifest, dependencies }, null, indentation)}\n`);
  return packageManagerOf(tree);
}

/** The version of @nestjs/axios for the Nest of the app: the installed one, or else that of package.json. */
function nestAxios(tree: Tree, own: Readonly<Record<string, string>>): string {
  const installed: unknown = JSON.parse(textOf(tree, 'node_modules/@nestjs/core/package.json') ?? '{}');
  const version = isRecord(installed) && typeof installed.version === 'string' ? installed.version : undefined;
  const major = /\d+/.exec(version ?? own['@nestjs/core'] ?? '')?.[0];
  const range = NEST_AXIOS[major ?? ''];
  if (range !== undefined) return range;
  const found = major === undefined ? 'no @nestjs/core is there' : `@nestjs/core ${major} is there`;
  throw new Error(`nestjs-lalamove is for apps on Nest 11 and 12, and ${found}: install one of these versions first.`);
}

function packageManagerOf(tree: Tree): string {
  return Object.entries(LOCK_FILES).find(([file]) => tree.exists(file))?.[1] ?? 'npm';
}
