import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { Test } from '@nestjs/testing';
import {
  ERROR_CATALOG,
  LALAMOVE_EVENT_TYPES,
  LalamoveModule,
  LalamoveOptionsException,
  readLalamoveEvent,
  type LalamoveEventType,
} from 'nestjs-lalamove';
import { errorTable, withErrorTable } from '../../scripts/error-table.mjs';
import { fencesOf, pages, read } from './fences.js';

describe('every page', () => {
  it.each(pages())('%s has lines of at most 120 characters', (page) => {
    const generated = new Set(errorTable(ERROR_CATALOG).split('\n'));
    const isLong = (line: string): boolean => line.length > 120 && !generated.has(line);
    expect(read(page).split('\n').filter(isLong)).toEqual([]);
  });

  it.each(pages())('%s has links only to existing pages and headings', (page) => {
    expect(linksOf(page).filter((link) => !isThere(link))).toEqual([]);
  });

  it('is in the index of the documents', () => {
    const index = linksOf('docs/README.md');
    const listed = pages().filter((page) => page.startsWith('docs/') && !page.startsWith('docs/design/adr/'));
    expect(listed.filter((page) => page !== 'docs/README.md' && !index.includes(page))).toEqual([]);
  });
});

describe('docs/reference/errors.md', () => {
  it('has the table of errors of the catalog (if not, run: npm run docs)', () => {
    const page = read('docs/reference/errors.md');
    expect(withErrorTable(page, ERROR_CATALOG)).toBe(page);
  });
});

describe('docs/reference/options.md', () => {
  const page = read('docs/reference/options.md');

  it('names every variable of .env.example', () => {
    const variables = [...read('.env.example').matchAll(/^#?(LALAMOVE_\w+)=/gm)].map(([, name]) => name);
    expect(variables).toHaveLength(21);
    for (const name of variables) expect(page).toContain(`\`${name ?? ''}\``);
  });

  it('names every option', async () => {
    const groups = ['retry.', 'rateLimit.', 'errors.', 'http.', 'webhook.'];
    const listed = (await Promise.all(['', ...groups].map(optionsOf))).flat();
    const named = listed.filter((option) => !['retry', 'errors', 'http', 'hooks', 'webhook'].includes(option));
    const options = [...named, 'hooks.onRequest', 'hooks.onResponse', 'hooks.onRetry'];
    expect(options.length).toBeGreaterThan(30);
    expect(options.filter((option) => !page.includes(`**\`${option}\`**`))).toEqual([]);
  });
});

describe('docs/reference/webhook-events.md', () => {
  const page = read('docs/reference/webhook-events.md');

  it('has a section for every type', () => {
    const sections = [...page.matchAll(/^## `([A-Z_]+)`$/gm)].map(([, type]) => type);
    expect(sections.sort()).toEqual([...LALAMOVE_EVENT_TYPES].sort());
  });

  it.each(LALAMOVE_EVENT_TYPES)('names every field of %s', (type) => {
    const common = section(page, '## Fields of every event');
    const own = section(page, `## \`${type}\``);
    const fields = Object.keys(sampleOf(type));
    expect(fields.length).toBeGreaterThan(7);
    expect(fields.filter((field) => !`${common}${own}`.includes(`| \`${field}\``))).toEqual([]);
  });
});

/** The options of a group, from the error at boot. */
async function optionsOf(group: string): Promise<string[]> {
  const wrong: object = group === '' ? { nonsense: 1 } : { [group.slice(0, -1)]: { nonsense: 1 } };
  const account = LalamoveModule.forRoot({ apiKey: 'pk_test_key', apiSecret: 'sk_test_key', market: 'HK', ...wrong });
  const boot = Test.createTestingModule({ imports: [account] }).compile();
  const error: unknown = await boot.catch((thrown: unknown) => thrown);
  const problems = error instanceof LalamoveOptionsException ? error.problems : [];
  const listed = problems.find((problem) => problem.startsWith(`${group}nonsense `)) ?? '';
  return /the options are (.*)\.$/.exec(listed)?.[1]?.split(', ') ?? [];
}

/** A section of a page, from its heading to the next one. */
function section(page: string, heading: string): string {
  return (page.split(`\n${heading}\n`)[1] ?? '').split(/^## /m)[0] ?? '';
}

function sampleOf(type: LalamoveEventType): object {
  const order = { orderId: '1', status: 'COMPLETED', price: { totalPrice: '1' } };
  const data = { order, driver: { driverId: '1' }, prevOrderId: '2', balance: { amount: '1' } };
  const event = readLalamoveEvent({
    eventType: type === 'UNKNOWN' ? 'NEWER' : type,
    eventId: undefined,
    fingerprint: 'fingerprint',
    signedAt: 0,
    receivedAt: 0,
    account: undefined,
    apiKey: 'pk_test_key',
    data: JSON.stringify(data),
  });
  expect(event.eventType).toBe(type);
  return event;
}

/** The links of a page to pages and headings: `path` or `path#anchor`, from the root of the repository. */
function linksOf(page: string): string[] {
  const text = fencesOf(page).reduce((rest, { code }) => rest.replace(code, ''), read(page));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => decodeURIComponent(new URL(target, `file:///${page}`).href.slice('file:///'.length)));
}

function isThere(link: string): boolean {
  const [path = '', anchor] = link.split('#');
  if (!existsSync(new URL(`../../${path}`, import.meta.url))) return false;
  return anchor === undefined || headingsOf(path).includes(anchor);
}

/** The anchors of a page in GitHub's format. */
function headingsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  );
}
