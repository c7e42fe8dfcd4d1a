/** A transaction of Kysely, on the database of deliveries. With PostgreSQL it may be of the host's own Kysely. */
export interface HostKyselyTransaction {
  readonly isTransaction: true;
  /** The same transaction without the host's plugins, which may rename columns. */
  withoutPlugins(): unknown;
}

/**
 * A client of `pg` on which the host has begun a transaction, for deliveries in PostgreSQL. TypeORM and Drizzle use
 * such a client too.
 */
export interface HostPgClient {
  /** Runs a statement in the transaction. */
  query(...parameters: never[]): unknown;
  /** A pool has it. A pool cannot be used, because each of its queries may use another connection. */
  readonly totalCount?: undefined;
}

/** A transaction of the host, in which a delivery is booked. The host commits it or rolls it back. */
export type HostTransaction = HostKyselyTransaction | HostPgClient;
