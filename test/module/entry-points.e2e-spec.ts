import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import ts from 'typescript';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly import: { readonly default: string } }>>;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
  readonly bin: Readonly<Record<string, string>>;
  /** The collection that `nest add` reads. */
  readonly schematics: string;
}

interface Config {
  readonly compilerOptions: { readonly paths: unknown };
  readonly files: readonly string[];
}

/** Every entry point as its name below the package and its source: `deliveries` and `deliveries/index`. */
function entryPoints({ exports }: Manifest): [name: string, source: string][] {
  return Object.entries(exports).flatMap(([path, target]): [string, string][] =>
    typeof target === 'string' ? [] : [[path.slice(2), sourceOf(target.import.default)]],
  );
}

const sourceOf = (built: string): string => built.replace('./dist/esm/', '').replace(/\.js$/, '');

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const entries = entryPoints(manifest);

describe('the entry points of package.json', () => {
  it('are found by the compilers of hosts that do not read exports', () => {
    const types = entries
      .filter(([name]) => name !== '')
      .map(([name, source]) => [name, [`./dist/cjs/${source}.d.ts`]]);
    expect(manifest.typesVersions['*']).toEqual(Object.fromEntries(types));
  });

  it('are the paths by which tests and examples import the sources', () => {
    const paths = entries.map(([name, source]) => [`nestjs-lalamove${name && '/'}${name}`, [`./src/${source}.ts`]]);
    expect(configOf('tsconfig.json').compilerOptions.paths).toEqual(Object.fromEntries(paths));
  });

  it('are built, as are the commands and the schematics, and nothing else is', () => {
    const commands = Object.values(manifest.bin).map(sourceOf);
    const sources = [...entries.map(([, source]) => source), ...commands, ...schematicSources(manifest)];
    expect(configOf('tsconfig.build.json').files.toSorted()).toEqual(sources.map((it) => `src/${it}.ts`).toSorted());
  });
});

/** The sources of the schematics: `schematics/nest-add/nest-add`. */
function schematicSources({ schematics }: Manifest): string[] {
  const collection = schematics.replace('./dist/', 'src/');
  const all = (JSON.parse(readFileSync(collection, 'utf8')) as { schematics: Record<string, { factory: string }> })
    .schematics;
  return Object.values(all).map(({ factory }) => `schematics/${factory.replace(/^\.\//, '').replace(/#.*/, '')}`);
}

function configOf(path: string): Config {
  return ts.readConfigFile(path, (file) => readFileSync(file, 'utf8')).config as Config;
}
