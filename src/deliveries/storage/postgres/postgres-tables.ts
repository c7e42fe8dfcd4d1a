import { sql, type RawBuilder } from 'kysely';

/** The tables of deliveries in their schema, for SQL that Kysely does not build. */
export interface PostgresTables {
  readonly deliveries: RawBuilder<unknown>;
  readonly attempts: RawBuilder<unknown>;
  readonly events: RawBuilder<unknown>;
  /** The event types that processes have handlers for. */
  readonly handlers: RawBuilder<unknown>;
  /** Orders of unmatched webhooks that a delivery reads. */
  readonly reads: RawBuilder<unknown>;
  /** One row: the identity of the database. */
  readonly identity: RawBuilder<unknown>;
}

/** @param schema `undefined`: the first schema of the search path */
export function tablesIn(schema: string | undefined): PostgresTables {
  const table = (name: string): RawBuilder<unknown> => (schema === undefined ? sql.id(name) : sql.id(schema, name));
  return {
    deliveries: table('deliveries'),
    attempts: table('delivery_attempts'),
    events: table('delivery_events'),
    handlers: table('delivery_handlers'),
    reads: table('delivery_reads'),
    identity: table('delivery_identity'),
  };
}
