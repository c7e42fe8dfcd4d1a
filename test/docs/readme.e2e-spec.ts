import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { ERROR_CATALOG } from 'nestjs-lalamove';
import { DRIVER_SCRIPTS, MAGIC_VALUES, SandboxControl } from 'nestjs-lalamove/sandbox';
import { withErrorTable } from '../../scripts/error-table.mjs';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('README.md', () => {
  it('is beside the table of errors as the catalog says it (else: npm run docs)', () => {
    const page = readFileSync(new URL('../docs/reference/errors.md', import.meta.url), 'utf8');
    expect(withErrorTable(page, ERROR_CATALOG)).toBe(page);
  });

  it.each(['npm ci && npm start', 'npm ci && npm test'])('names the command %s', (command) => {
    expect(readme).toContain(command);
  });

  it("has the example of a host's test word for word, which runs beside this one", () => {
    const example = readFileSync(new URL('readme-sandbox.e2e-spec.ts', import.meta.url), 'utf8');
    expect(readme).toContain(example.replace(/^import .* from '@jest\/globals';\n/, ''));
  });

  it('names every variable of .env.example', () => {
    const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
    const variables = [...example.matchAll(/^#?(LALAMOVE_\w+)=/gm)].map(([, name]) => name);
    expect(variables).toHaveLength(20);
    for (const name of variables) expect(readme).toContain(name);
  });

  it.each([
    ['magic value', MAGIC_VALUES],
    ["drivers' script", Object.keys(DRIVER_SCRIPTS)],
    [
      'thing that the control can do',
      Object.getOwnPropertyNames(SandboxControl.prototype).filter((name) => name !== 'constructor'),
    ],
  ])('names every %s of the sandbox', (_, names) => {
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme))).toEqual([]);
  });
});
