import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describePostgres, POSTGRES_URL } from '../../support/servers.js';
import type { FilledStorage, Operation } from './query-plans/filled-storage.js';
import { fillTables, type Contents } from './query-plans/filled-tables.js';
import { PLAN_EXCEPTIONS, ROWS_TO_SPARE, UNEXECUTED_SQL, UNREAD_INDEXES } from './query-plans/plan-exceptions.js';
import { RecordedPlans, type RecordedPlan } from './query-plans/recorded-plans.js';
import {
  INBOX_OPERATIONS,
  INSPECTION_OPERATIONS,
  OUTBOX_OPERATIONS,
  SIGNAL_OPERATIONS,
  STORAGE_OPERATIONS,
  UNREADABLE_OPERATIONS,
} from './query-plans/storage-operations.js';
import { TRANSACTION_OPERATIONS } from './query-plans/transaction-operations.js';
import { UnexecutedSql } from './query-plans/unexecuted-sql.js';
import { Storages } from './storages.js';

/** Set LALAMOVE_TEST_MILLION=1 for a million deliveries: it takes 10 minutes, and 6 GB of disk. */
const IS_MILLION = process.env.LALAMOVE_TEST_MILLION === '1';

const CONTENTS: Contents = IS_MILLION
  ? { deliveries: 1_000_000, unfinished: 20_000, backlog: 5000, now: Date.now() }
  : { deliveries: 20_000, unfinished: 2000, backlog: 500, now: Date.now() };

describePostgres(`the plans of all statements with ${CONTENTS.deliveries} deliveries`, () => {
  const storages = new Storages();
  const plans = new RecordedPlans(POSTGRES_URL);
  const unexecuted = new UnexecutedSql();
  let filled: FilledStorage;
  let indexes: string[];

  beforeAll(async () => {
    await unexecuted.start();
    // The first one creates the tables.
    await storages.open();
    const { storage } = await storages.open({ pool: plans });
    const client = await storages.client();
    await client.query(`set search_path to ${storages.schema}`);
    await fillTables(client, CONTENTS);
    const { rows } = await client.query<{ name: string }>(
      'select indexname as name from pg_indexes where schemaname = $1 and tablename = any($2)',
      [storages.schema, ['deliveries', 'delivery_attempts', 'delivery_events']],
    );
    indexes = rows.map(({ name }) => name);
    filled = { storage, contents: CONTENTS, hostTransaction: (work) => plans.inTransaction(work) };
  }, 1_800_000);

  afterAll(async () => {
    unexecuted.stop();
    await storages.close();
    await plans.end();
    if (IS_MILLION) process.stdout.write(slowest(plans.all));
  }, 60_000);

  it.each(namedOperations())(
    '%s',
    async (name, operation) => {
      const recorded = await plans.during(name, () => operation(filled));
      expect(recorded.flatMap(problemsOf)).toEqual([]);
    },
    300_000,
  );

  it('are of all SQL in the sources', async () => {
    const folders = ['/src/deliveries/storage/sql/', '/src/deliveries/storage/postgres/'];
    expect(await unexecuted.inFolders(folders)).toEqual(Object.keys(UNEXECUTED_SQL));
  });

  it('use every index', () => {
    const used = new Set(plans.all.flatMap((plan) => plan.indexes));
    expect(indexes.filter((name) => !used.has(name)).sort()).toEqual(Object.keys(UNREAD_INDEXES).sort());
  });
});

function problemsOf(plan: RecordedPlan): string[] {
  const { operation, text, shape, rows, rowsRead, sorted, seqScans } = plan;
  const exception = PLAN_EXCEPTIONS.find(
    (each) => operation.startsWith(each.operation) && text.includes(each.statement),
  );
  const limit = Math.max(ROWS_TO_SPARE + 3 * rows, exception?.mayRead(CONTENTS) ?? 0);
  const problems = [
    ...(exception?.mayScan === true ? [] : seqScans.map((table) => `It reads all rows of ${table}`)),
    ...(rowsRead > limit ? [`It reads ${rowsRead} rows for ${rows}`] : []),
    ...(sorted > limit ? [`It sorts ${sorted} rows for ${rows}`] : []),
  ];
  return problems.map((problem) => `${problem}: ${shape}: ${text.replaceAll(/\s+/g, ' ')}`);
}

function slowest(all: readonly RecordedPlan[]): string {
  const lines = [...all].sort((a, b) => b.ms - a.ms).slice(0, 10);
  return lines
    .map(
      ({ ms, operation, rows, rowsRead, shape }) =>
        `${ms.toFixed(1)} ms, ${rowsRead} rows read for ${rows}: ${operation}: ${shape}\n`,
    )
    .join('');
}

function namedOperations(): [name: string, operation: Operation][] {
  const groups = {
    storage: STORAGE_OPERATIONS,
    inbox: INBOX_OPERATIONS,
    inspection: INSPECTION_OPERATIONS,
    outbox: OUTBOX_OPERATIONS,
    unreadable: UNREADABLE_OPERATIONS,
    signals: SIGNAL_OPERATIONS,
    transaction: TRANSACTION_OPERATIONS,
  };
  return Object.entries(groups).flatMap(([group, methods]) =>
    Object.entries(methods).flatMap(([method, operations]) =>
      typeof operations === 'string'
        ? []
        : Object.entries(operations).map(([name, run]): [string, Operation] => [`${group}.${method}: ${name}`, run]),
    ),
  );
}
