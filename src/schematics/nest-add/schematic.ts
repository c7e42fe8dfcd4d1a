/** The part of a tree of @angular-devkit/schematics that is used here. That package is the Nest CLI's, not ours. */
export interface Tree {
  exists(path: string): boolean;
  readText(path: string): string;
  overwrite(path: string, content: string): void;
  create(path: string, content: string): void;
}

/** The part of a schematic's context that is used here. */
export interface SchematicContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
  addTask(task: { toConfiguration(): { readonly name: string; readonly options: object } }): unknown;
}

/** The text of a file; `undefined` if there is none. */
export function textOf(tree: Tree, path: string): string | undefined {
  return tree.exists(path) ? tree.readText(path) : undefined;
}
