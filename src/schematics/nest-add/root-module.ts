import { textOf, type Tree } from './schematic.js';

/** The file of the module that `main.ts` starts; `undefined` if it is not found. */
export function rootModule(tree: Tree, sourceRoot: string): string | undefined {
  const main = textOf(tree, `${sourceRoot}/main.ts`) ?? '';
  const name = /\bNestFactory\s*\.\s*create\w*\s*(?:<[^(]*>)?\s*\(\s*(\w+)/.exec(main)?.[1] ?? 'AppModule';
  const from = new RegExp(`import\\s*\\{[^}]*\\b${name}\\b[^}]*\\}\\s*from\\s*['"]\\./([^'"]+)['"]`).exec(main)?.[1];
  const path = `${sourceRoot}/${(from ?? 'app.module').replace(/\.(js|ts)$/, '')}.ts`;
  return tree.exists(path) ? path : undefined;
}
