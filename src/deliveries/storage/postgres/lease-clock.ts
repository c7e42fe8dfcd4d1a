import { sql, type RawBuilder } from 'kysely';

/** The clock of the server in Unix ms. It also goes on within a transaction. */
const SERVER_NOW = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/** Two clocks of this process at the same moment, in ms. */
interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/**
 * The clock of leases: the server's, so that hosts with different clocks agree. Each query that reads a lease also
 * reads the server's time. Between two such queries the time goes on with the clocks of this process.
 */
export class LeaseClock {
  #server = 0;
  #at: Moment = { wall: 0, monotonic: 0 };

  /** @param given another clock in Unix ms, for tests */
  constructor(private readonly given?: () => number) {}

  /** The current time, as SQL. */
  get sql(): RawBuilder<number> {
    return this.given ? sql<number>`${sql.lit(Math.floor(this.given()))}::bigint` : SERVER_NOW;
  }

  /** Call it before a query that reads the time of the server, and the returned function with that time. */
  reading(): (serverNow: number) => void {
    const at = momentNow();
    return (serverNow) => {
      this.#server = serverNow;
      this.#at = at;
    };
  }

  /**
   * The time of the server, or a bit later, so that a lease is never believed to last longer than it does. Of the two
   * clocks the faster one counts: the monotonic clock stops while a machine sleeps, and the wall clock may be set.
   */
  now(): number {
    if (this.given) return this.given();
    const { wall, monotonic } = momentNow();
    return this.#server + Math.max(wall - this.#at.wall, monotonic - this.#at.monotonic);
  }
}

function momentNow(): Moment {
  return { wall: Date.now(), monotonic: performance.now() };
}
