import type {
  PostgresCursor,
  PostgresPool as DialectPool,
  PostgresPoolClient as DialectClient,
  PostgresQueryResult,
} from 'kysely';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { EXACT_TYPES } from './exact-integers.js';
import { isConnectionLost, storeFailure, UnknownCommit } from './postgres-failure.js';
import type { PostgresClient, PostgresPool, PostgresPoolClient, PostgresResult } from './postgres-pool.js';
import { isStalePlan, type StatementNames } from './statement-names.js';

const COMMANDS = ['UPDATE', 'DELETE', 'INSERT', 'SELECT', 'MERGE'] as const;

/**
 * A client for Kysely's dialect. It reads `bigint` exactly, and reports a commit that did not happen. A lost connection
 * does not return to the pool.
 */
export class PostgresConnection implements DialectClient {
  #isLost = false;
  /** A named statement on this connection has a plan for other columns. */
  #isStale = false;

  /**
   * @param giveBack returns the client to its pool
   * @param names the names of its prepared statements; `undefined` for a client of the host
   */
  constructor(
    private readonly client: PostgresClient,
    private readonly giveBack: (destroy: boolean) => void = () => undefined,
    private readonly names?: StatementNames,
  ) {}

  query<Row>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<Row>>;
  query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>;
  query<Row>(
    text: string | PostgresCursor<Row>,
    values: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<Row>> | PostgresCursor<Row> {
    if (typeof text !== 'string') throw new TypeError('The deliveries database of PostgreSQL has no cursors.');
    return this.#query<Row>(text, values);
  }

  release(): void {
    this.giveBack(this.#isLost || this.#isStale);
  }

  async #query<Row>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<Row>> {
    // The server has rolled back already. The caller must get the first error.
    if (this.#isLost && text === 'rollback') return { command: 'SELECT', rowCount: 0, rows: [] };
    try {
      const name = values.length > 0 ? this.names?.of(text) : undefined;
      const query = { text, values: [...values], types: EXACT_TYPES };
      const result = await this.client.query(name === undefined ? query : { ...query, name });
      if (text === 'commit') assertCommitted(result);
      return resultOf<Row>(result);
    } catch (error) {
      this.names?.failed(error);
      if (isStalePlan(error)) this.#isStale = true;
      if (!isConnectionLost(error)) throw error;
      this.#isLost = true;
      throw text === 'commit' ? new UnknownCommit(error) : error;
    }
  }
}

/** A pool for Kysely's dialect. */
export class GuardedPool implements DialectPool {
  readonly #pool: PostgresPool;
  readonly #names: StatementNames | undefined;

  /** @param names `undefined`: no statement is prepared */
  constructor(pool: PostgresPool, names?: StatementNames) {
    this.#pool = pool;
    this.#names = names;
  }

  async connect(): Promise<DialectClient> {
    const client: PostgresPoolClient = await this.#pool.connect().catch((error: unknown) => {
      throw storeFailure(error);
    });
    let isLost = false;
    // Between two queries of a transaction, the pool has no listener, and the error would end the process.
    const lost = (): void => {
      isLost = true;
    };
    client.on('error', lost);
    const giveBack = (destroy: boolean): void => {
      client.off('error', lost);
      client.release(destroy || isLost);
    };
    return new PostgresConnection(client, giveBack, this.#names);
  }

  /** Does nothing, because the pool may be the host's. The storage closes a pool of its own. */
  async end(): Promise<void> {
    // See above.
  }
}

function resultOf<Row>({ command, rowCount, rows }: PostgresResult): PostgresQueryResult<Row> {
  const known = COMMANDS.find((name) => name === command) ?? 'SELECT';
  // Only the query knows the type of its rows.
  return { command: known, rowCount: rowCount ?? 0, rows: rows as Row[] };
}

/** PostgreSQL answers a commit after a failed statement with ROLLBACK, and without an error. */
function assertCommitted({ command }: PostgresResult): void {
  if (command === 'COMMIT') return;
  throw new DeliveriesStoreException(
    "A transaction on the deliveries' database was rolled back because a statement in it had failed. " +
      'The call can be repeated.',
  );
}
