import { PostgresDialect, type DatabaseIntrospector, type Kysely } from 'kysely';
import { GuardedPool } from './postgres-connection.js';
import type { PostgresPool } from './postgres-pool.js';
import { SchemaIntrospector } from './schema-introspector.js';

/** Kysely's dialect of PostgreSQL on a guarded pool, whose introspection reads one schema alone. */
export class SchemaDialect extends PostgresDialect {
  readonly #schema: string;

  constructor(pool: PostgresPool, schema: string) {
    super({ pool: new GuardedPool(pool) });
    this.#schema = schema;
  }

  override createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SchemaIntrospector(db, this.#schema);
  }
}
