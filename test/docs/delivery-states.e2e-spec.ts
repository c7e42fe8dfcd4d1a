import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import {
  DEFAULT_POLICY,
  DeliveriesOptionsException,
  DeliveriesService,
  DELIVERY_STATES,
  openDatabase,
} from 'nestjs-lalamove/deliveries';
import { assertDeliveriesOptions } from '../../src/deliveries/deliveries.options.js';
import { deliveryTransitions, type StateChange } from './delivery-transitions.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const docs = read('docs/deliveries.md');
const readme = read('README.md');
const chapter = section(readme, '## Deliveries', '## Testing your app');
const transitions = deliveryTransitions();

function section(text: string, from: string, to: string): string {
  const [, rest = ''] = text.split(`\n${from}\n`);
  return rest.split(`\n${to}\n`)[0] ?? '';
}

/** The cells of the table under a head whose first column has this name, row by row. */
function table(text: string, head: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.split('|')[1]?.trim() === head);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands in backticks at the beginning of the first cells. */
const namesOf = (rows: readonly string[][]): string[] =>
  rows.map(([first = '']) => /^`(\w+)/.exec(first)?.[1] ?? '').filter((name) => name !== '');

function diagram(all: readonly StateChange[]): string {
  const ways = DELIVERY_STATES.flatMap((from) =>
    DELIVERY_STATES.flatMap((to) =>
      all
        .filter((way) => way.from === from && way.to === to)
        .map(({ by }) => `    ${from} --> ${to}: ${by.join(', ')}`),
    ),
  );
  const ends = ['completed', 'canceled', 'failed'].map((state) => `    ${state} --> [*]`);
  return ['stateDiagram-v2', '    [*] --> requested: book', ...ways, ...ends].join('\n');
}

/** The members of an interface or an object in a source file, with what follows each name. */
function members(path: string, head: RegExp): [name: string, rest: string][] {
  const source = read(path);
  const start = source.search(head);
  const body = source.slice(start, source.indexOf('\n}', start));
  return [...body.matchAll(/^ {2}(\w+):(.*)$/gm)].map(([, name = '', rest = '']) => [name, rest]);
}

describe('docs/deliveries.md', () => {
  it('has every way from state to state in its diagram, and no other', () => {
    expect(/```mermaid\n([\s\S]*?)\n```/.exec(docs)?.[1]?.split('\n')).toEqual(diagram(transitions).split('\n'));
  });

  it('says what everything at an arrow means', () => {
    const legend = section(docs, 'What stands at an arrow:', '## The tables');
    const causes = new Set(transitions.flatMap(({ by }) => by));
    expect(causes.size).toBeGreaterThan(15);
    expect([...causes].filter((cause) => !legend.includes(`\`${cause.replace(/^resolve .*/, 'resolve …')}\``))).toEqual(
      [],
    );
  });

  it('has every table with its columns, as a migrated database has them', async () => {
    const db = await openDatabase({ file: ':memory:' });
    try {
      const { rows: tables } = await sql<{ name: string }>`
        select name from sqlite_master where type = 'table' and name not like 'sqlite_%'
        and name not like 'delivery_migrations%' order by rowid`.execute(db);
      expect(tables.map(({ name }) => name)).toEqual([...docs.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name));
      for (const { name } of tables) {
        const { rows } = await sql<{ name: string; type: string; notnull: number; pk: number }>`
          select name, lower(type) as type, "notnull", pk from pragma_table_info(${name})`.execute(db);
        const [, documented = ''] = docs.split(`\n### \`${name}\`\n`);
        const columns = table(documented, 'column').map(([column, type]) => [column, type]);
        expect(columns).toEqual(
          rows.map((row) => [`\`${row.name}\``, row.notnull === 1 || row.pk === 1 ? row.type : `${row.type}, or null`]),
        );
      }
    } finally {
      await db.destroy();
    }
  });
});

describe('what can happen to a delivery', () => {
  it('leads out of an end only by a replacement, a late order that cannot be cancelled, or one that lives after all', () => {
    const away = transitions.filter(({ from }) => ['completed', 'canceled', 'failed'].includes(from));
    expect(away).toEqual(
      expect.arrayContaining([
        { from: 'completed', to: 'assigning', by: ['ORDER_REPLACED'] },
        { from: 'canceled', to: 'assigning', by: ['ASSIGNING_DRIVER', 'ORDER_REPLACED', 'duplicate'] },
        { from: 'canceled', to: 'on_going', by: ['ON_GOING'] },
        { from: 'canceled', to: 'picked_up', by: ['PICKED_UP'] },
        { from: 'canceled', to: 'completed', by: ['COMPLETED'] },
        { from: 'failed', to: 'assigning', by: ['ORDER_REPLACED', 'duplicate'] },
      ]),
    );
    expect(away).toHaveLength(6);
  });
});

describe("the README's chapter on deliveries", () => {
  it('names every state', () => {
    expect(namesOf(table(chapter, 'state'))).toEqual(DELIVERY_STATES);
  });

  it('names every reason', () => {
    const reasons = members('src/deliveries/domain/reasons.ts', /const REASONS/).map(([name]) => name);
    expect(namesOf(table(chapter, '`reason.code`'))).toEqual(reasons);
  });

  it('has every event, with what it tells', () => {
    const events = members('src/deliveries/events/delivery-event.ts', /interface DeliveryEventDetails/);
    const statusUpdated = events.map(([name, type]) => [
      `\`${name}\``,
      [...type.matchAll(/(\w+): /g)].map(([, field]) => `\`${field ?? ''}\``).join(', '),
    ]);
    expect(table(chapter, '`type`').map(([name, fields]) => [name, fields])).toEqual(statusUpdated);
  });

  it('has every part of the policy, with its default', () => {
    const parts = Object.entries(DEFAULT_POLICY).map(([part, value]) => [`\`${part}\``, `\`${inspect(value)}\``]);
    expect(table(chapter, '`policy`').map(([part, value]) => [part, value])).toEqual(parts);
  });

  it('names every option', () => {
    let statusUpdated = '';
    try {
      assertDeliveriesOptions({ nonsense: true });
    } catch (error) {
      if (error instanceof DeliveriesOptionsException) statusUpdated = error.message;
    }
    const options = /the options are (.*)\./.exec(statusUpdated)?.[1]?.split(', ');
    expect(options?.length).toBeGreaterThan(5);
    expect(namesOf(table(chapter, 'option'))).toEqual(options);
  });

  it('names everything that the service can do', () => {
    const can = Object.getOwnPropertyNames(DeliveriesService.prototype).filter((name) => name !== 'constructor');
    expect(namesOf(table(chapter, '`DeliveriesService`')).sort()).toEqual(can.sort());
  });

  it("has the example of a host's test word for word, which runs beside this one", () => {
    const example = read('test/docs/readme-deliveries.e2e-spec.ts');
    expect(chapter).toContain(example.replace(/^import .* from '@jest\/globals';\n/, ''));
  });
});
