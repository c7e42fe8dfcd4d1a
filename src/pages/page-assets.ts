import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A page that the package ships. */
export type PageName = 'sandbox' | 'board' | 'tracking';

/** A file of a page. */
export interface PageAsset {
  /** Its media type. */
  readonly type: string;
  /** With quotation marks, as in the header. */
  readonly etag: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** The files of a page. They are read when the first one is asked for, and then stay in memory. */
export class PageAssets {
  #assets: Promise<ReadonlyMap<string, PageAsset>> | undefined;

  /** @param read reads the files; given in tests */
  constructor(
    private readonly page: PageName,
    private readonly read = readFiles,
  ) {}

  /**
   * A file by its name, such as `app.js`.
   *
   * @throws Error if the files are not beside the package's modules, or cannot be read; the next call tries again
   */
  async get(name: string): Promise<PageAsset | undefined> {
    this.#assets ??= this.read(this.page);
    try {
      return (await this.#assets).get(name);
    } catch (error) {
      // For example too many open files.
      this.#assets = undefined;
      throw error;
    }
  }
}

async function readFiles(page: PageName): Promise<ReadonlyMap<string, PageAsset>> {
  const folder = folderOf(page);
  const names = await readdir(folder);
  const entries = names.map(async (name) => [name, assetOf(name, await readFile(join(folder, name)))] as const);
  return new Map(await Promise.all(entries));
}

function assetOf(name: string, body: Buffer): PageAsset {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  return { type: TYPES[extname(name)] ?? 'application/octet-stream', etag, body };
}

/** `dist/pages/<page>` in the package: above the modules, wherever the build or the tests have them. */
function folderOf(page: PageName): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const candidate = join(folder, 'dist', 'pages', page);
    if (existsSync(join(candidate, 'app.js'))) return candidate;
    if (folder === dirname(folder)) break;
  }
  throw new Error(
    `The files of the page "${page}" were not found in dist/pages above ${start}. If the app is bundled, keep ` +
      'nestjs-lalamove out of the bundle; in a clone of nestjs-lalamove, run "npm run build".',
  );
}
