/** The part of a `pg` client that is used. A client of `pg`, TypeORM or Drizzle has it. */
export interface PostgresClient {
  /** Runs a statement, prepared under its name if it has one. */
  query(config: PostgresQuery): Promise<PostgresResult>;
}

/** A client that is borrowed from a pool. */
export interface PostgresPoolClient extends PostgresClient {
  /** Listens to `NOTIFY`. */
  on(event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown;
  /** Listens to the end of the connection. */
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  /** Removes a listener. */
  off(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  /** Removes all listeners of an event. */
  removeAllListeners(event: 'notification' | 'error' | 'end'): unknown;
  /**
   * Gives the client back to its pool.
   *
   * @param destroy whether the connection must not be used again
   */
  release(destroy?: boolean): void;
}

/** The part of a `pg` pool that is used. */
export interface PostgresPool {
  /** Borrows a client. */
  connect(): Promise<PostgresPoolClient>;
  /** Closes all connections. */
  end(): Promise<void>;
  /** Listens to errors of clients that nobody has borrowed. */
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** A query with its parameters. */
export interface PostgresQuery {
  /** The name of a prepared statement. */
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
  readonly types?: PostgresTypes;
}

/** Parses the values of a result, by the type's OID. */
export interface PostgresTypes {
  /** The parser of a type. */
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown;
}

/** The result of a query. */
export interface PostgresResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: unknown[];
}
