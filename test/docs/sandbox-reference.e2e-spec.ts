import { describe, expect, it } from '@jest/globals';
import { DRIVER_SCRIPTS, LalamoveSandbox, MAGIC_VALUES, SandboxControl } from 'nestjs-lalamove/sandbox';
import { read } from './fences.js';
import { listed, namesOf, section, table } from './pages.js';

const options = read('docs/reference/sandbox-options.md');
const control = read('docs/reference/sandbox-control.md');
const guide = read('docs/guides/sandbox.md');

/** The names that the sandbox lists when it refuses an option. */
async function namesAfterRefusal(wrong: object): Promise<string[]> {
  const error: unknown = await LalamoveSandbox.start({ ...wrong }).catch((reason: unknown) => reason);
  const names = /it has (.*)\.$/.exec(error instanceof Error ? error.message : '')?.[1]?.split(', ') ?? [];
  expect(names.length).toBeGreaterThan(2);
  return names.sort();
}

describe('docs/reference/sandbox-options.md', () => {
  it('names and explains every option', async () => {
    const names = await namesAfterRefusal({ nonsense: true });
    expect(namesOf(table(options, 'option')).sort()).toEqual(names);
    const explained = [...listed(options), ...[...options.matchAll(/^## `(\w+)`$/gm)].map(([, name = '']) => name)];
    expect(names.filter((name) => !explained.includes(name))).toEqual([]);
  });

  it('names and explains every option of `unknowns`', async () => {
    const names = await namesAfterRefusal({ unknowns: { nonsense: true } });
    expect(namesOf(table(options, 'member')).sort()).toEqual(names);
    expect(listed(section(options, '## `unknowns`')).sort()).toEqual(names);
  });

  it('names every option of `webhooks`', async () => {
    const names = await namesAfterRefusal({ webhooks: { nonsense: true } });
    expect(listed(section(options, '## `webhooks`', '## `unknowns`')).sort()).toEqual(names);
  });

  it('names every flag of the command', () => {
    const flags = [...read('src/sandbox/command.ts').matchAll(/^ {2}(--[\w-]+)(?:, (--[\w-]+))?/gm)].flatMap(
      ([, first = '', second]) => (second === undefined ? [first] : [first, second]),
    );
    expect(flags.length).toBeGreaterThan(12);
    expect(flags.filter((flag) => !options.includes(`\`${flag}`))).toEqual([]);
  });
});

describe('docs/reference/sandbox-control.md', () => {
  it('names every method of the control', () => {
    const can = Object.getOwnPropertyNames(SandboxControl.prototype).filter((name) => name !== 'constructor');
    expect(namesOf(table(control, 'method')).sort()).toEqual(can.sort());
  });

  it('names every route', () => {
    const source = read('src/sandbox/control/control-routes.ts');
    const routes = [...source.matchAll(/route\('(\w+)', '([^']*)'/g)]
      .map(([, method = '', path = '']) => `\`${method} ${path === '' ? '/' : path.replace(/:orderId/, ':id')}\``)
      .filter((route) => !route.includes('/followers/'));
    expect(routes.length).toBeGreaterThan(20);
    expect(routes.filter((route) => !control.includes(route))).toEqual([]);
  });

  it('names every kind of log line', () => {
    const kinds = [...read('src/sandbox/sandbox-log.ts').matchAll(/readonly kind: '([\w-]+)'/g)].map(
      ([, kind = '']) => kind,
    );
    expect(kinds.length).toBeGreaterThan(8);
    expect(listed(section(control, '## What happened', '## Snapshots'))).toEqual(expect.arrayContaining(kinds));
  });
});

describe('docs/guides/sandbox.md', () => {
  it('names every script', () => {
    const names = table(guide, 'script').map(([name]) => name);
    expect(names).toEqual([...Object.keys(DRIVER_SCRIPTS), 'mixed'].map((name) => `\`${name}\``));
  });

  it('names every magic value', () => {
    const values = section(guide, '## Magic values', '## What really happened');
    const missing = MAGIC_VALUES.filter((value) => !Object.hasOwn(DRIVER_SCRIPTS, value)).filter(
      (value) => !values.includes(`\`${value}\``),
    );
    expect(missing).toEqual([]);
  });
});
