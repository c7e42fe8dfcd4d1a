import pg, { escapeLiteral, type PoolClient } from 'pg';
import type {
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
  PostgresQuery,
  PostgresResult,
} from '../../../../src/deliveries/storage/postgres/postgres-pool.js';
import { isRecord } from '../../../../src/internal/is-record.js';
import { readPlan, type ReadPlan } from './read-plan.js';

/** A statement of the storage, and how the server has run it. */
export interface RecordedPlan extends ReadPlan {
  /** The operation that ran it. */
  readonly operation: string;
  readonly text: string;
}

/** The statements that have a plan. */
const HAS_PLAN = /^\s*(with|select|insert|update|delete)\b/i;

/**
 * A pool that runs each statement of the storage twice: first under `explain analyze`, which is rolled back, and then
 * as it is. So each plan is that of the real statement with its real parameters.
 */
export class RecordedPlans implements PostgresPool {
  readonly all: RecordedPlan[] = [];
  readonly #pool: pg.Pool;
  #operation: string | undefined;

  constructor(connectionString: string) {
    this.#pool = new pg.Pool({ connectionString, max: 4 });
  }

  /** Records the statements of an operation. */
  async during(operation: string, work: () => Promise<unknown>): Promise<readonly RecordedPlan[]> {
    const before = this.all.length;
    this.#operation = operation;
    try {
      await work();
    } finally {
      this.#operation = undefined;
    }
    return this.all.slice(before);
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#pool.connect();
    let isInTransaction = false;
    const query = async (config: PostgresQuery): Promise<PostgresResult> => {
      if (this.#operation !== undefined && HAS_PLAN.test(config.text)) {
        const { text } = config;
        for (const plan of await explained(client, config, isInTransaction)) {
          this.all.push({ operation: this.#operation, text, ...plan });
        }
      }
      if (/^(start transaction|begin)/i.test(config.text)) isInTransaction = true;
      if (/^(commit|rollback)/i.test(config.text)) isInTransaction = false;
      return client.query<Record<string, unknown>>(config);
    };
    return new Proxy<PostgresPoolClient>(client, {
      get: (target, name) => {
        if (name === 'query') return query;
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...values: unknown[]): unknown => Reflect.apply(member, target, values);
      },
    });
  }

  /** Runs `work` in a transaction, as a host does. */
  async inTransaction(work: (client: PostgresClient) => Promise<unknown>): Promise<unknown> {
    const client = await this.connect();
    try {
      await client.query({ text: 'begin' });
      return await work(client);
    } finally {
      await client.query({ text: 'rollback' });
      client.release();
    }
  }

  on(event: 'error', listener: (error: Error) => void): unknown {
    return this.#pool.on(event, listener);
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/**
 * Runs a statement under `explain analyze`, and rolls it back. A named statement has two plans, because the server may
 * use one plan for all its parameters.
 */
async function explained(client: PoolClient, config: PostgresQuery, isInTransaction: boolean): Promise<ReadPlan[]> {
  const { text, values = [], name } = config;
  const [before, after] = isInTransaction
    ? ['savepoint explained', 'rollback to savepoint explained; release savepoint explained']
    : ['begin', 'rollback'];
  const plans: ReadPlan[] = [];
  const rolledBack = async (explain: () => Promise<ReadPlan>): Promise<void> => {
    await client.query(before);
    try {
      plans.push(await explain());
    } finally {
      await client.query(after);
    }
  };
  await rolledBack(() => planOf(client, { text: `${EXPLAIN} ${text}`, values }));
  if (name !== undefined) await rolledBack(() => commonPlan(client, text, values));
  return plans;
}

const EXPLAIN = 'explain (analyze, buffers, format json)';

/** The plan that does not depend on the parameters. */
async function commonPlan(client: PoolClient, text: string, values: readonly unknown[]): Promise<ReadPlan> {
  await client.query('set local plan_cache_mode = force_generic_plan');
  await client.query(`prepare explained as ${text}`);
  try {
    const literals = values.map(literalOf).join(', ');
    return await planOf(client, { text: `${EXPLAIN} execute explained (${literals})` });
  } finally {
    await client.query('deallocate explained');
  }
}

function literalOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return escapeLiteral(`{${value.map((each) => JSON.stringify(each)).join(',')}}`);
  if (typeof value === 'string' || typeof value === 'number') return escapeLiteral(String(value));
  throw new TypeError('A parameter has an unexpected type.');
}

async function planOf(client: PoolClient, query: { text: string; values?: unknown[] }): Promise<ReadPlan> {
  const { rows } = await client.query<Record<string, unknown>>(query);
  const [plans]: readonly unknown[] = Object.values(rows[0] ?? {});
  const list: readonly unknown[] = Array.isArray(plans) ? plans : [];
  const [plan] = list;
  if (!isRecord(plan)) throw new TypeError('The server returned no plan.');
  return readPlan(plan);
}
