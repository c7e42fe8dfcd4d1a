import type { Contents } from './filled-tables.js';

/** The rows that a statement may read without returning or changing them. */
export const ROWS_TO_SPARE = 100;

/** Why a statement may read more rows than it returns, or a whole table. */
export interface PlanException {
  /** The start of the operation's name. */
  readonly operation: string;
  /** A part of the statement; empty for all statements of the operation. */
  readonly statement: string;
  readonly reason: string;
  /** How many rows it may read at most. */
  readonly mayRead: (contents: Contents) => number;
  /** Whether it may read tables from start to end. */
  readonly mayScan?: boolean;
}

export const PLAN_EXCEPTIONS: readonly PlanException[] = [
  {
    operation: 'storage.metrics',
    statement: 'group by "state"',
    reason: 'Each row is counted. The count of ended deliveries is reused for 100 times as long as it took.',
    mayRead: ({ deliveries }) => deliveries,
    mayScan: true,
  },
  {
    operation: 'storage.metrics',
    statement: 'unreadableDeliveries',
    reason: 'It counts rows that wait, in indexes of only such rows.',
    mayRead: ({ backlog }) => backlog * 8,
  },
  {
    operation: 'storage.list',
    statement: '"account" =',
    reason:
      'It reads the deliveries of the state, or of the account, until the page is full. An index of both would ' +
      'be written with each change of a state.',
    mayRead: ({ deliveries }) => Math.max(1000, deliveries / 100),
  },
  {
    operation: 'inspection.latestWebhooks',
    statement: '',
    reason: 'It reads a window of the latest rows, because no index has the types of webhooks.',
    mayRead: () => 2100,
  },
  {
    operation: 'inbox.matched',
    statement: '',
    reason: 'It reads a window of a given number of webhooks, and continues after it in the next sweep.',
    mayRead: () => 10_000,
  },
  {
    operation: 'inbox.setAside',
    statement: '',
    reason: 'If few webhooks wait, reading and sorting them all costs as much as reading them in order.',
    mayRead: () => 1000,
  },
  {
    operation: 'outbox.',
    statement: 'from unhandled',
    reason: 'Once an hour it reads the events that wait for handlers.',
    mayRead: ({ backlog }) => backlog * 4,
  },
  {
    operation: 'outbox.',
    statement: 'from marked',
    reason: 'It skips the events that wait for a slot in another process.',
    mayRead: ({ backlog }) => backlog,
  },
  {
    operation: 'outbox.pending: of a handler',
    statement: '',
    reason: 'It skips the events that wait for a slot in another process.',
    mayRead: ({ backlog }) => backlog,
  },
  {
    operation: 'outbox.release',
    statement: '',
    reason: 'Once when a process stops, it reads the events that wait for handlers.',
    mayRead: ({ backlog }) => backlog * 4,
  },
];

/** Indexes that no statement reads, and what they are for. */
export const UNREAD_INDEXES: Readonly<Record<string, string>> = {
  events_fingerprint: 'It makes a webhook unique.',
};

/** SQL that no operation executes, and why. */
export const UNEXECUTED_SQL: Readonly<Record<string, string>> = {
  'src/deliveries/storage/postgres/lease-clock.ts: get sql': 'The clock of tests is a number in the statement.',
};
