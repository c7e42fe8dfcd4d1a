// Compiles like Jest does, but the sources of the sabotage that the variable SABOTAGE names are broken.
import { transformSync } from '@swc/core';
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { SWC } from '../../swc.mjs';
import { SABOTAGES } from './all-sabotages.mjs';
import { ROOT, sabotaged } from './sabotage.mjs';

const current = SABOTAGES.find(({ name }) => name === process.env.SABOTAGE);

/**
 * @param {string} text
 * @param {string} path
 */
function broken(text, path) {
  return current ? sabotaged(current, relative(ROOT, path), text) : text;
}

/** @type {import('@jest/transform').SyncTransformer} */
const transformer = {
  canInstrument: false,
  process: (text, path) => {
    const { code, map } = transformSync(broken(text, path), { swcrc: false, ...SWC, filename: path, sourceMaps: true });
    return { code, map: map ?? null };
  },
  getCacheKey: (text, path) => createHash('sha256').update(path).update(broken(text, path)).digest('hex').slice(0, 32),
};
export default transformer;
