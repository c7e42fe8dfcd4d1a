import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { isRecord } from '../../src/internal/is-record.js';
import { POSTGRES_URL } from '../support/servers.js';

/** A schema of the tested PostgreSQL for one test, and queries on it. */
export class CopiedSchema {
  readonly name = `copied_${randomUUID().replaceAll('-', '')}`;
  readonly #pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 2 });

  /** Runs a query with the schema as its search path. `bigint` is read as text. */
  async query(text: string): Promise<Record<string, unknown>[]> {
    const client = await this.#pool.connect();
    try {
      await client.query(`set search_path to ${this.name}`);
      const { rows }: { rows: unknown[] } = await client.query(text);
      return rows.filter(isRecord);
    } finally {
      client.release();
    }
  }

  /** The only value of a query. */
  async value(text: string): Promise<unknown> {
    const [row = {}] = await this.query(text);
    return Object.values(row)[0];
  }

  /** Runs a statement in a transaction that stays open. @returns ends the transaction */
  async begin(text: string): Promise<() => Promise<void>> {
    const client = await this.#pool.connect();
    await client.query(`begin; set search_path to ${this.name}; ${text}`);
    return async () => {
      await client.query('rollback');
      client.release();
    };
  }

  async drop(): Promise<void> {
    await this.#pool.query(`drop schema if exists ${this.name} cascade`);
    await this.#pool.end();
  }
}
