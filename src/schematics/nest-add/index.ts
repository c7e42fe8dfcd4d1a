import { metadataManager } from './metadata-manager.js';
import { nestAdd, type NestAddOptions } from './nest-add.js';
import type { SchematicContext, Tree } from './schematic.js';

/** The factory that `collection.json` names: the Nest CLI runs it in the folder of the app. */
export function addToApp(options: NestAddOptions): (tree: Tree, context: SchematicContext) => Tree {
  return nestAdd(options, metadataManager(process.cwd()));
}
