import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A code block of a page. */
export interface Fence {
  /** The page's path from the root of the repository. */
  readonly page: string;
  readonly language: string;
  /** The file with the code: `file=…` after the language. */
  readonly file: string | undefined;
  readonly code: string;
}

/** A file's text, by its path from the root of the repository. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** README.md, CONTRIBUTING.md and every page below docs/. */
export function pages(): string[] {
  const below = readdirSync(join(ROOT, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
  return ['README.md', 'CONTRIBUTING.md', ...below.sort()];
}

/** The code blocks of a page, in order. */
export function fencesOf(page: string): Fence[] {
  return [...read(page).matchAll(/^( *)```(\w+)?([^\n]*)\n([\s\S]*?)^ *```$/gm)].map(
    ([, , language = '', info = '', code = '']) => ({ page, language, file: /file=(\S+)/.exec(info)?.[1], code }),
  );
}

/** A text without indentation, which differs if the code is nested in a file. */
export function withoutIndentation(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}
