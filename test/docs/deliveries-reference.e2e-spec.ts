import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import {
  DEFAULT_POLICY,
  DeliveriesOptionsException,
  DeliveriesService,
  openDatabase,
} from 'nestjs-lalamove/deliveries';
import { assertDeliveriesOptions } from '../../src/deliveries/deliveries.options.js';
import { read } from './fences.js';
import { listed, members, namesOf, table } from './pages.js';

describe('docs/reference/database.md', () => {
  it('has every table and column of a migrated database', async () => {
    const docs = read('docs/reference/database.md');
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

describe('docs/reference/delivery-events.md', () => {
  const docs = read('docs/reference/delivery-events.md');
  const events = members(read('src/deliveries/events/delivery-event.ts'), /interface DeliveryEventDetails/);

  it('has every event with its fields', () => {
    const fields = events.map(([name, type]) => [
      `\`${name}\``,
      [...type.matchAll(/(\w+): ([^;}]+)/g)]
        .map(([, field = '', fieldType = '']) => `\`${field}\`${fieldType.includes('undefined') ? '?' : ''}`)
        .join(', '),
    ]);
    expect(table(docs, 'type').map(([name, named]) => [name, named])).toEqual(fields);
  });

  it('explains every event', () => {
    const explained = listed(docs.slice(docs.indexOf('## Booking')));
    expect(explained.sort()).toEqual(events.map(([name]) => name).sort());
  });
});

describe('docs/reference/delivery-policy.md', () => {
  const docs = read('docs/reference/delivery-policy.md');

  it('has every part of the policy, with its default', () => {
    const parts = Object.entries(DEFAULT_POLICY).map(([part, value]) => [`\`${part}\``, `\`${inspect(value)}\``]);
    expect(table(docs, 'part')).toEqual(parts);
  });

  it('explains every part', () => {
    const headings = [...docs.matchAll(/^## `(\w+)`$/gm)].map(([, part]) => part);
    expect(headings).toEqual(Object.keys(DEFAULT_POLICY));
  });
});

describe('docs/reference/deliveries-options.md', () => {
  it('names and explains every option', () => {
    const docs = read('docs/reference/deliveries-options.md');
    let message = '';
    try {
      assertDeliveriesOptions({ nonsense: true });
    } catch (error) {
      if (error instanceof DeliveriesOptionsException) ({ message } = error);
    }
    const options = /the options are (.*)\./.exec(message)?.[1]?.split(', ');
    expect(options?.length).toBeGreaterThan(5);
    expect(namesOf(table(docs, 'option'))).toEqual(options);
    expect(listed(docs)).toEqual(expect.arrayContaining([...(options ?? [])]));
  });
});

describe('docs/guides/deliveries.md', () => {
  it('names every method of the service', () => {
    const can = Object.getOwnPropertyNames(DeliveriesService.prototype).filter((name) => name !== 'constructor');
    const named = namesOf(table(read('docs/guides/deliveries.md'), 'method'));
    expect(named.sort()).toEqual(can.sort());
  });
});
