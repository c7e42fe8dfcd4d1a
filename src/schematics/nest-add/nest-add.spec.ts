import { describe, expect, it } from '@jest/globals';
// The index of @nestjs/schematics loads the Angular DevKit, which Jest cannot load on Node 20.
import { MetadataManager } from '@nestjs/schematics/dist/utils/metadata.manager.js';
import { format } from 'prettier';
import { nestAdd, type NestAddOptions } from './nest-add.js';
import type { SchematicContext, Tree } from './schematic.js';

const MODULE = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;

const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
`;

/** Files in memory. It refuses to create a file that is there, and to overwrite one that is not, as the DevKit does. */
class MemoryTree implements Tree {
  readonly #files = new Map<string, string>();

  exists(path: string): boolean {
    return this.#files.has(path);
  }

  readText(path: string): string {
    const text = this.#files.get(path);
    if (text === undefined) throw new Error(`There is no ${path}.`);
    return text;
  }

  overwrite(path: string, content: string): void {
    this.readText(path);
    this.#files.set(path, content);
  }

  create(path: string, content: string): void {
    if (this.exists(path)) throw new Error(`${path} is there.`);
    this.#files.set(path, content);
  }
}

/** The files of an app; an empty text leaves one out. */
function appOf(files: Readonly<Record<string, string>> = {}): MemoryTree {
  const tree = new MemoryTree();
  const all = { 'package.json': manifestOf('^11.0.1'), 'src/main.ts': MAIN, 'src/app.module.ts': MODULE, ...files };
  for (const [path, content] of Object.entries(all)) if (content !== '') tree.create(path, content);
  return tree;
}

function manifestOf(nest: string, more: object = {}): string {
  return JSON.stringify({ name: 'app', dependencies: { '@nestjs/core': nest }, ...more }, null, 2);
}

/** Runs the schematic, and returns what it did. */
function added(
  tree: Tree,
  options: NestAddOptions = {},
): { dependencies: unknown; module: string; variables: string; tasks: unknown[]; said: string[] } {
  const tasks: unknown[] = [];
  const said: string[] = [];
  const say = (message: string): void => {
    said.push(message);
  };
  const context: SchematicContext = {
    logger: { info: say, warn: say },
    addTask: (task) => tasks.push(task.toConfiguration()),
  };
  nestAdd(options, MetadataManager)(tree, context);
  const manifest = JSON.parse(tree.readText('package.json')) as { dependencies: unknown };
  const module = tree.exists('src/app.module.ts') ? tree.readText('src/app.module.ts') : '';
  return { dependencies: manifest.dependencies, module, variables: tree.readText('.env.example'), tasks, said };
}

describe('nest add nestjs-lalamove', () => {
  it.each([
    ['11', '^11.0.1', '^4.0.1'],
    ['12', '^12.0.1', '^12.0.1'],
  ])('adds the peers of Nest %s, and installs them', (_, nest, axios) => {
    const { dependencies, tasks, said } = added(appOf({ 'package.json': manifestOf(nest) }));
    expect(dependencies).toEqual({
      '@nestjs/axios': axios,
      '@nestjs/core': nest,
      axios: '^1.7.0',
      'class-transformer': '^0.5.1',
      'class-validator': '^0.15.1',
    });
    expect(tasks).toMatchObject([
      { name: 'node-package', options: { command: 'install', packageManager: 'npm', workingDirectory: '.' } },
    ]);
    expect(said).toEqual([]);
  });

  it('goes by the Nest that is installed', () => {
    const installed = { 'node_modules/@nestjs/core/package.json': '{ "version": "11.1.6" }' };
    const { dependencies } = added(appOf({ 'package.json': manifestOf('latest'), ...installed }));
    expect(dependencies).toMatchObject({ '@nestjs/axios': '^4.0.1' });
  });

  it('installs by the package manager of the app, or not at all', () => {
    const managerOf = (file: string): unknown => added(appOf({ [file]: '#' })).tasks;
    expect(managerOf('pnpm-lock.yaml')).toMatchObject([{ options: { packageManager: 'pnpm' } }]);
    expect(managerOf('yarn.lock')).toMatchObject([{ options: { packageManager: 'yarn' } }]);
    expect(added(appOf(), { skipInstall: true }).tasks).toEqual([]);
  });

  it('leaves versions that the app has chosen', () => {
    const own = { devDependencies: { 'class-validator': '^0.14.0' } };
    const { dependencies } = added(appOf({ 'package.json': manifestOf('^12.0.0', own) }));
    expect(dependencies).not.toHaveProperty('class-validator');
  });

  it('registers the module and names the variables', () => {
    const { module, variables } = added(appOf());
    expect(module).toBe(`import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';

@Module({
  imports: [
    LalamoveModule.forRootAsync({
      useFactory: () => lalamoveOptionsFromEnv(),
      webhook: { path: 'webhooks/lalamove' },
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
`);
    for (const name of ['API_KEY', 'API_SECRET', 'MARKET', 'BASE_URL', 'WEBHOOK_URL']) {
      expect(variables).toMatch(new RegExp(`^LALAMOVE_${name}=`, 'm'));
    }
  });

  it('registers deliveries too', () => {
    const { module, dependencies } = added(appOf(), { deliveries: true });
    expect(module).toContain("import { DeliveriesModule } from 'nestjs-lalamove/deliveries';");
    expect(module).toContain("DeliveriesModule.forRoot({ database: { file: 'data/deliveries.db' } })");
    expect(dependencies).toMatchObject({ kysely: '^0.28.17', libsql: '^0.5.29' });
  });

  it.each([
    ['no imports', 'imports: [],', ''],
    ['an empty list', '', ''],
    ['one import', 'imports: [],', 'imports: [ConfigModule.forRoot()],'],
    ['imports on a line', 'imports: [],', "imports: [A.forRoot({ list: ['a]', b] }), B],"],
    ['a list over lines', 'imports: [],', 'imports: [\n    A.forRoot({\n      b,\n    }),\n    C,\n  ],'],
  ])('writes as prettier does in an app of nest new: %s', async (_, old, text) => {
    const app = MODULE.replace(old, text).replace('({\n  \n', '({\n');
    const { module } = added(appOf({ 'src/app.module.ts': app }), { deliveries: true });
    expect(module).toContain('DeliveriesModule.forRoot(');
    expect(await format(module, { parser: 'typescript', singleQuote: true, trailingComma: 'all' })).toBe(module);
  });

  it.each([
    ['', '# The database of deliveries\ndata/\n'],
    ['/dist\n', '/dist\n\n# The database of deliveries\ndata/\n'],
    ['/dist\n/data\n', '/dist\n/data\n'],
  ])('keeps the database of deliveries out of git: %j', (given, expected) => {
    const tree = appOf({ '.gitignore': given });
    added(tree, { deliveries: true });
    expect(tree.readText('.gitignore')).toBe(expected);
    expect(added(tree)).toMatchObject({ said: [] });
  });

  it.each([false, true])('changes nothing when it is run again (deliveries: %s)', (deliveries) => {
    const tree = appOf();
    const first = added(tree, { deliveries });
    expect(added(tree, { deliveries })).toEqual({ ...first, tasks: [], said: [] });
  });

  it('adds deliveries to an app that has the module', () => {
    const tree = appOf();
    added(tree);
    const { module, said } = added(tree, { deliveries: true });
    expect(module.match(/LalamoveModule\.forRootAsync/g)).toHaveLength(1);
    expect(module).toContain('DeliveriesModule.forRoot(');
    expect(said).toEqual([]);
  });

  it('keeps other imports, and the file .env.example', () => {
    const module = MODULE.replace('imports: []', 'imports: [ConfigModule.forRoot()]');
    const done = added(appOf({ 'src/app.module.ts': module, '.env.example': 'PORT=3000' }));
    expect(done.module).toContain(
      'imports: [\n    ConfigModule.forRoot(),\n    LalamoveModule.forRootAsync({\n      useFactory',
    );
    expect(done.variables).toMatch(/^PORT=3000\n\n# Lalamove/);
  });

  it.each([
    ['a comment that names it', '// TODO: LalamoveModule of nestjs-lalamove\n'],
    ['an import in a comment', "/*\nimport { Old } from './old';\n*/\n"],
    ['an import in a template', "const t = `\nimport x from 'y';\n`;\n"],
    ['an import behind a comment', "import x from 'http://y'; // '\n"],
  ])('is not misled by %s', (_, text) => {
    const { module } = added(appOf({ 'src/app.module.ts': MODULE.replace('\n@Module', `\n${text}\n@Module`) }));
    expect(module).toContain(text);
    expect(module).toMatch(/^import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';$/m);
    expect(module).toContain('imports: [\n    LalamoveModule.forRootAsync(');
  });

  it('finds the root module by main.ts, or takes the one that is given', () => {
    const main = MAIN.replaceAll('AppModule', 'ShopModule').replace('./app.module', './shop/shop.module.js');
    const shop = appOf({ 'src/main.ts': main, 'src/app.module.ts': '', 'src/shop/shop.module.ts': MODULE });
    added(shop);
    expect(shop.readText('src/shop/shop.module.ts')).toContain('LalamoveModule.forRootAsync');
    const given = appOf({ 'src/core.module.ts': MODULE });
    expect(added(given, { module: 'src/core.module.ts' }).module).toBe(MODULE);
    expect(given.readText('src/core.module.ts')).toContain('LalamoveModule.forRootAsync');
  });

  it.each([
    ['there is no root module', { 'src/app.module.ts': '' }],
    ['its imports are no list', { 'src/app.module.ts': MODULE.replace('imports: []', 'imports: MODULES') }],
    ['it has no decorator', { 'src/app.module.ts': 'export const AppModule = {};\n' }],
  ])('says what to write by hand if %s', (_, files) => {
    const { said, module } = added(appOf(files));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('imports: [LalamoveModule.forRootAsync({');
    expect(module).toBe(files['src/app.module.ts']);
  });

  it('says what to write by hand if the app has no @nestjs/schematics', () => {
    const said: string[] = [];
    const logger = { info: () => undefined, warn: (message: string) => said.push(message) };
    const tree = appOf();
    nestAdd({}, undefined)(tree, { logger, addTask: () => undefined });
    expect(said).toHaveLength(1);
    expect(tree.readText('src/app.module.ts')).toBe(MODULE);
  });

  it('refuses what is no Nest app of these versions', () => {
    expect(() => added(appOf({ 'package.json': '' }))).toThrow('There is no package.json here');
    expect(() => added(appOf({ 'package.json': manifestOf('^10.0.0') }))).toThrow('@nestjs/core 10 is there');
    expect(() => added(appOf({ 'package.json': '{}' }))).toThrow('no @nestjs/core is there');
  });
});
