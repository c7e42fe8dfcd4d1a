import { codeOf } from './code-of.js';
import { withListed } from './listed-module.js';
import type { MetadataManagerClass } from './metadata-manager.js';
import { rootModule } from './root-module.js';
import { textOf, type SchematicContext, type Tree } from './schematic.js';

/** Which modules are registered, and where. */
export interface Registration {
  readonly sourceRoot: string;
  /** The file of the root module; `undefined` if it is to be found. */
  readonly module: string | undefined;
  readonly deliveries: boolean;
  /** That of `@nestjs/schematics`; `undefined` if the app does not have it. */
  readonly MetadataManager: MetadataManagerClass | undefined;
}

/** A module to import. */
interface ImportedModule {
  readonly name: string;
  readonly from: string;
  readonly symbols: readonly string[];
  readonly registration: string;
}

const ACCOUNT: ImportedModule = {
  name: 'LalamoveModule',
  from: 'nestjs-lalamove',
  symbols: ['LalamoveModule', 'lalamoveOptionsFromEnv'],
  registration: `LalamoveModule.forRootAsync({
  useFactory: () => lalamoveOptionsFromEnv(),
  webhook: { path: 'webhooks/lalamove' },
})`,
};

const DELIVERIES: ImportedModule = {
  name: 'DeliveriesModule',
  from: 'nestjs-lalamove/deliveries',
  symbols: ['DeliveriesModule'],
  registration: "DeliveriesModule.forRoot({ database: { file: 'data/deliveries.db' } })",
};

/**
 * Adds the modules to the imports of the root module. A module that the file names already stays as it is.
 *
 * If that is not possible, a warning says what to write: the packages are installed then, and the app is unchanged.
 */
export function registerModule(tree: Tree, { logger }: SchematicContext, registration: Registration): void {
  const { sourceRoot, module, deliveries, MetadataManager } = registration;
  const wanted = deliveries ? [ACCOUNT, DELIVERIES] : [ACCOUNT];
  const path = module ?? rootModule(tree, sourceRoot);
  const content = path === undefined ? undefined : textOf(tree, path);
  if (path === undefined || content === undefined) {
    logger.warn(byHand(`The root module ${path ?? `of ${sourceRoot}/main.ts`} was not found`, wanted));
    return;
  }
  const code = codeOf(content);
  const missing = wanted.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(code));
  const changed = withModules(content, missing, MetadataManager);
  if (changed === undefined) logger.warn(byHand(`The imports of ${path} cannot be changed`, missing));
  else if (changed !== content) tree.overwrite(path, changed);
  if (deliveries && !missing.some(({ name }) => name === ACCOUNT.name) && !content.includes('webhook')) {
    logger.info("Deliveries need webhooks: set webhook: { path: 'webhooks/lalamove' } beside useFactory.");
  }
}

function withModules(
  content: string,
  modules: readonly ImportedModule[],
  MetadataManager: MetadataManagerClass | undefined,
): string | undefined {
  let changed = content;
  for (const { symbols, from, registration } of modules) {
    const registered = MetadataManager && withListed(changed, registration, MetadataManager);
    if (registered === undefined) return undefined;
    changed = withImport(registered, `import { ${symbols.join(', ')} } from '${from}';`);
  }
  return changed;
}

/** Adds an import after the last one. */
function withImport(content: string, statement: string): string {
  const last = [...codeOf(content).matchAll(/^import\b[^;]*?['"][^'"]+['"];?[ \t]*$/gm)].at(-1);
  if (!last) return `${statement}\n${content}`;
  const end = last.index + last[0].length;
  return `${content.slice(0, end)}\n${statement}${content.slice(end)}`;
}

function byHand(what: string, modules: readonly ImportedModule[]): string {
  const lines = modules.flatMap(({ symbols, from, registration }) => [
    `  import { ${symbols.join(', ')} } from '${from}';`,
    `  imports: [${registration.replaceAll('\n', '\n  ')}],`,
  ]);
  return `${what}, so add this to your root module by hand:\n${lines.join('\n')}`;
}
