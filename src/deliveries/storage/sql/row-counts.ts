import { sql, type Kysely, type SqlBool } from 'kysely';
import { DELIVERY_STATES, isTerminal, type DeliveryState } from '../../domain/delivery-progress.js';
import type { StoredCounts } from '../stored-types.js';
import { IS_PENDING, IS_READABLE, IS_UNKNOWN, type DeliveriesSchema } from './deliveries-schema.js';

/** The time for which a count of ended deliveries is reused, as a multiple of the time that it took. */
const REUSED_FOR = 100;

/** A count that takes less, in ms, is not reused. */
const QUICK_MS = 5;

const TERMINAL = DELIVERY_STATES.filter(isTerminal);
const UNFINISHED = DELIVERY_STATES.filter((state) => !isTerminal(state));

type StateCounts = ReadonlyMap<string, number>;

/**
 * Counts rows. The counts of unfinished deliveries, attempts and events use indexes that contain only such rows. All
 * ended deliveries must be counted one by one, so with many rows that count is reused for a while: a scrape every few
 * seconds then costs at most one percent of the time.
 */
export class RowCounts {
  readonly #db: Kysely<DeliveriesSchema>;
  #ended: Promise<StateCounts> | undefined;

  constructor(db: Kysely<DeliveriesSchema>) {
    this.#db = db;
  }

  async count(): Promise<StoredCounts> {
    const unfinished = await this.#countStates(UNFINISHED);
    const ended = await (this.#ended ??= this.#countEnded());
    return { byState: byState(new Map([...unfinished, ...ended])), ...(await this.#countProblems()) };
  }

  async #countEnded(): Promise<StateCounts> {
    const startedAt = performance.now();
    try {
      return await this.#countStates(TERMINAL);
    } finally {
      this.#reuse(performance.now() - startedAt);
    }
  }

  /** @param tookMs the time that the count took */
  #reuse(tookMs: number): void {
    const forget = (): void => {
      this.#ended = undefined;
    };
    if (tookMs < QUICK_MS) queueMicrotask(forget);
    else setTimeout(forget, tookMs * REUSED_FOR).unref();
  }

  async #countStates(states: readonly DeliveryState[]): Promise<StateCounts> {
    const rows = await this.#db
      .selectFrom('deliveries')
      .select(['state', (count) => count.fn.countAll<number | string>().as('count')])
      .where('state', 'in', states)
      .groupBy('state')
      .execute();
    return new Map(rows.map(({ state, count }) => [state, Number(count)]));
  }

  /** Each condition equals the condition of an index. */
  async #countProblems(): Promise<Omit<StoredCounts, 'byState'>> {
    const isUnreadable = sql<SqlBool>`unreadable_at is not null`;
    const counts = await this.#db
      .selectNoFrom((from) => {
        const all = from.fn.countAll<number | string>().as('count');
        const events = from.selectFrom('delivery_events').select(all);
        return [
          from.selectFrom('deliveries').select(all).where(isUnreadable).as('unreadableDeliveries'),
          events.where(isUnreadable).as('unreadableEvents'),
          from.selectFrom('delivery_attempts').select(all).where(IS_UNKNOWN).as('unknownAttempts'),
          events.where(sql<SqlBool>`set_aside_at is not null`).as('setAsideUnmatched'),
          events.where(IS_UNMATCHED).as('unmatched'),
          events.where(IS_PENDING).where(IS_READABLE).as('pendingEvents'),
          from
            .selectFrom('delivery_events')
            .select((event) => event.fn.min('received_at').as('at'))
            .where(IS_PENDING)
            .where(IS_READABLE)
            .as('oldestPendingAt'),
          events.where(sql<SqlBool>`dispatch = 'set_aside'`).as('setAsideEvents'),
        ];
      })
      .executeTakeFirstOrThrow();
    return {
      unknownAttempts: Number(counts.unknownAttempts),
      unmatched: Number(counts.unmatched),
      setAsideUnmatched: Number(counts.setAsideUnmatched),
      pendingEvents: Number(counts.pendingEvents),
      oldestPendingAt: counts.oldestPendingAt ?? undefined,
      setAsideEvents: Number(counts.setAsideEvents),
      unreadable: Number(counts.unreadableDeliveries) + Number(counts.unreadableEvents),
    };
  }
}

const IS_UNMATCHED = sql<SqlBool>`source = 'webhook' and applied_at is null and set_aside_at is null
  and unreadable_at is null`;

function byState(counts: StateCounts): Record<DeliveryState, number> {
  const all = DELIVERY_STATES.map((state) => [state, counts.get(state) ?? 0] as const);
  return Object.fromEntries(all) as Record<DeliveryState, number>;
}
