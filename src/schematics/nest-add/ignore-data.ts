import { textOf, type Tree } from './schematic.js';

const FILE = '.gitignore';

/** Appends the folder of the deliveries' database to `.gitignore`, because it has names and addresses. */
export function ignoreData(tree: Tree): void {
  const given = textOf(tree, FILE) ?? '';
  if (/^\/?data\/?[ \t]*\r?$/m.test(given)) return;
  const separator = given === '' || given.endsWith('\n\n') ? '' : given.endsWith('\n') ? '\n' : '\n\n';
  const content = `${given}${separator}# The database of deliveries\ndata/\n`;
  if (tree.exists(FILE)) tree.overwrite(FILE, content);
  else tree.create(FILE, content);
}
