import { PostgresDialect, type QueryCompiler } from 'kysely';
import { GuardedPool } from './postgres-connection.js';
import type { PostgresPool } from './postgres-pool.js';
import { SchemaQueryCompiler } from './schema-query-compiler.js';
import { StatementNames } from './statement-names.js';

/**
 * Kysely's dialect of PostgreSQL for the storage itself: our tables are in the schema, and statements are prepared. A
 * query on it must run again after the errors of `isStaleName`.
 */
export class PreparedDialect extends PostgresDialect {
  readonly #schema: string;

  constructor(pool: PostgresPool, schema: string) {
    super({ pool: new GuardedPool(pool, new StatementNames()) });
    this.#schema = schema;
  }

  override createQueryCompiler(): QueryCompiler {
    return new SchemaQueryCompiler(this.#schema);
  }
}
