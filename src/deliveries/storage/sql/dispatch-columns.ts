import type { RawBuilder } from 'kysely';

/** A new event, for the decision whether it is dispatched. */
export interface NewEvent {
  readonly source: 'delivery' | 'webhook';
  readonly type: string;
  /** Whether this process knows a handler for it, in any process. */
  readonly isWanted: boolean;
  /** Unix ms. */
  readonly at: number;
}

/** The columns of a new event that start its dispatch. */
export interface DispatchColumns {
  readonly dispatch: string | RawBuilder<string>;
  readonly next_try_at: number | null | RawBuilder<number | null>;
}

/** Decides whether a new event is dispatched. */
export type DispatchOf = (event: NewEvent) => DispatchColumns;

/** Dispatches the events that this process knows a handler for. */
export const dispatchIfWanted: DispatchOf = ({ isWanted, at }) =>
  isWanted ? { dispatch: 'pending', next_try_at: at } : { dispatch: 'none', next_try_at: null };
