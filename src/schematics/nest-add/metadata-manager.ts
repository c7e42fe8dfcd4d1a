import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The part of `@nestjs/schematics` that changes the decorator of a module. It reads the source as TypeScript does. */
export type MetadataManagerClass = new (content: string) => {
  insert(metadata: string, symbol: string): string | undefined;
};

/** The class of the app's own `@nestjs/schematics`, which the Nest CLI needs too; `undefined` if there is none. */
export function metadataManager(folder: string): MetadataManagerClass | undefined {
  try {
    const schematics: unknown = createRequire(join(folder, 'package.json'))('@nestjs/schematics');
    return hasMetadataManager(schematics) ? schematics.MetadataManager : undefined;
  } catch {
    return undefined;
  }
}

function hasMetadataManager(value: unknown): value is { MetadataManager: MetadataManagerClass } {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'MetadataManager') === 'function';
}
