// Bundles an example for a process of its own: node bundle-example.mjs ENTRY OUT. Jest cannot load CommonJS packages
// that require an ES module, as nestjs-cls requires Nest 12. Node can.
import { transform } from '@swc/core';
import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { build } from 'rolldown';
import { ROOT } from '../chaos/sabotages/sabotage.mjs';
import { SWC } from '../swc.mjs';

const [, , entry = '', out = ''] = process.argv;

/** @type {import('rolldown').Plugin} */
const typescript = {
  name: 'typescript',
  resolveId: (id, importer) => {
    if (id === 'nestjs-lalamove') return join(ROOT, 'src/index.ts');
    if (!id.startsWith('.') || importer === undefined) return null;
    return resolve(importer, '..', id.replace(/\.js$/, '.ts'));
  },
  load: async (id) => {
    const { code } = await transform(readFileSync(id, 'utf8'), { swcrc: false, ...SWC, filename: id });
    return { code, moduleType: 'js' };
  },
};

await build({
  input: resolve(entry),
  external: (id) => !id.startsWith('.') && !isAbsolute(id) && id !== 'nestjs-lalamove',
  platform: 'node',
  plugins: [typescript],
  output: { file: out, format: 'esm', keepNames: true },
  logLevel: 'warn',
});
