import { addDependencies } from './add-dependencies.js';
import { addVariables } from './add-variables.js';
import { ignoreData } from './ignore-data.js';
import type { MetadataManagerClass } from './metadata-manager.js';
import { registerModule } from './register-module.js';
import type { SchematicContext, Tree } from './schematic.js';

/** The options of `nest add nestjs-lalamove`. */
export interface NestAddOptions {
  /** The folder of the sources, which the Nest CLI gives. */
  readonly sourceRoot?: string;
  /** The file of the root module. By default it is found by `main.ts`. */
  readonly module?: string;
  /** Whether `DeliveriesModule` is registered too. */
  readonly deliveries?: boolean;
  readonly skipInstall?: boolean;
}

/**
 * The schematic of `nest add nestjs-lalamove`: it adds the peers of the Nest version in use to `package.json`,
 * `LalamoveModule` to the root module, and the variables to `.env.example`; with deliveries also the folder of their
 * database to `.gitignore`. What is there already stays, so that it can be run again.
 *
 * @param MetadataManager that of `@nestjs/schematics`; `undefined` if the app does not have it
 */
export function nestAdd(
  { sourceRoot = 'src', module, deliveries = false, skipInstall = false }: NestAddOptions,
  MetadataManager: MetadataManagerClass | undefined,
): (tree: Tree, context: SchematicContext) => Tree {
  return (tree, context) => {
    const packageManager = addDependencies(tree, deliveries);
    registerModule(tree, context, { sourceRoot, module, deliveries, MetadataManager });
    addVariables(tree);
    if (deliveries) ignoreData(tree);
    if (packageManager !== undefined && !skipInstall) context.addTask(installTask(packageManager));
    return tree;
  };
}

/** The task of @angular-devkit/schematics that installs what package.json names. */
function installTask(packageManager: string): Parameters<SchematicContext['addTask']>[0] {
  return {
    toConfiguration: () => ({
      name: 'node-package',
      options: { command: 'install', packageManager, workingDirectory: '.', quiet: true, hideOutput: false },
    }),
  };
}
