// Reads a `.cpuprofile`: in whose code a call spends its time.

const FAMILIES = [
  // `node:` modules first, because their names also contain slashes.
  [/^node:(.+)$/, 'node'],
  [/\/dist\/esm\/(.+)$/, 'nestjs-lalamove'],
  [/\/bench\/(.+)$/, 'bench'],
];

/** The package and the file of a script. The package's name follows the last `node_modules`. */
function homeOf(url) {
  const [, name, file] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(url) ?? [];
  if (name) return { family: name, file };
  for (const [pattern, family] of FAMILIES) {
    const found = pattern.exec(url);
    if (found) return { family, file: family === 'node' ? `node:${found[1]}` : found[1] };
  }
  return { family: 'native', file: 'native' };
}

const META = new Map([
  ['(garbage collector)', 'garbage collector'],
  ['(program)', 'native, without JavaScript'],
]);

/** A frame. Native functions count for their caller, because only the caller can call them less. */
function describe({ functionName, url, lineNumber }, caller) {
  const meta = META.get(functionName);
  if (meta) return { family: meta, file: '', name: meta };
  if (url) {
    const home = homeOf(url);
    const family = home.family === 'node' ? '' : `${home.family}/`;
    const name = `${functionName || '(anonymous)'} ${family}${home.file}:${lineNumber + 1}`;
    return { ...home, name };
  }
  const { family, file } = caller ?? { family: 'native', file: 'native' };
  const name = `${functionName} (native, for ${file === 'native' ? 'the event loop' : file})`;
  return { family, file, name };
}

/** Frames that are no work of the call: waiting, and the profiler's start and end. */
const isIgnored = ({ functionName, url }) => ['(root)', '(idle)'].includes(functionName) || url === 'node:inspector';

/**
 * Packages without inclusive times: an operator of rxjs includes the whole rest of the call.
 */
const PLUMBING = new Set(['node', 'bench', 'rxjs', ...META.values()]);

/** The call tree, with the self time of each node. */
function treeOf(nodes, samples, timeDeltas) {
  const byId = new Map(nodes.map(({ id, callFrame }) => [id, { callFrame, self: 0 }]));
  samples.forEach((id, index) => (byId.get(id).self += timeDeltas[index]));
  for (const { id, children = [] } of nodes) {
    byId.get(id).calls = children.map((child) => byId.get(child)).filter(({ callFrame }) => !isIgnored(callFrame));
  }
  return { ...byId.get(nodes[0].id), self: 0 };
}

const totalOf = ({ self, calls }) => calls.reduce((sum, each) => sum + totalOf(each), self);

/**
 * @param microseconds what a call costs in CPU: what the shares of the samples add up to
 * @returns µs a call: by family, by file of a family, by function itself, and by function with all that it calls
 */
export function summarise({ nodes, samples, timeDeltas }, microseconds) {
  const root = treeOf(nodes, samples, timeDeltas);
  const scale = microseconds / totalOf(root);

  const families = new Map();
  const files = new Map();
  const functions = new Map();
  const whole = new Map();
  const add = (map, key, amount) => map.set(key, (map.get(key) ?? 0) + amount);

  /** @returns the time of a node with all below it */
  const visit = (node, caller, onStack) => {
    const frame = node === root ? undefined : describe(node.callFrame, caller);
    const isFirst = frame && !onStack.has(frame.name);
    const stack = isFirst ? new Set(onStack).add(frame.name) : onStack;
    const self = node.self * scale;
    const total = node.calls.reduce((sum, below) => sum + visit(below, frame, stack), self);
    if (!frame) return total;
    add(families, frame.family, self);
    add(files, `${frame.family} ${frame.file}`, self);
    add(functions, frame.name, self);
    // Of recursive calls only the outermost counts.
    if (isFirst && !PLUMBING.has(frame.family)) add(whole, frame.name, total);
    return total;
  };
  visit(root, undefined, new Set());
  return { families, files, functions, whole };
}

/** Sorted by size, largest first. */
export const largest = (map, count = Infinity) => [...map].sort(([, a], [, b]) => b - a).slice(0, count);
