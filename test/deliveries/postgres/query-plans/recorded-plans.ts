import pg from 'pg';
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
        const plan = await explained(client, config, isInTransaction);
        this.all.push({ operation: this.#operation, text: config.text, ...plan });
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

/** Runs a statement under `explain analyze`, and rolls it back. */
async function explained(client: pg.PoolClient, config: PostgresQuery, isInTransaction: boolean): Promise<ReadPlan> {
  const [before, after] = isInTransaction
    ? ['savepoint explained', 'rollback to savepoint explained; release savepoint explained']
    : ['begin', 'rollback'];
  await client.query(before);
  try {
    const text = `explain (analyze, buffers, format json) ${config.text}`;
    const { rows } = await client.query<Record<string, unknown>>({ text, values: config.values ?? [] });
    const [plans]: readonly unknown[] = Object.values(rows[0] ?? {});
    const list: readonly unknown[] = Array.isArray(plans) ? plans : [];
    const [plan] = list;
    if (!isRecord(plan)) throw new TypeError('The server returned no plan.');
    return readPlan(plan);
  } finally {
    await client.query(after);
  }
}
