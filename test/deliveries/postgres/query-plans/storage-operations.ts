import type {
  InspectionStorage,
  NewestQuery,
  SearchStep,
} from '../../../../src/deliveries/storage/inspection-storage.js';
import type { InboxStorage } from '../../../../src/deliveries/storage/inbox-storage.js';
import type { DispatchResult, OutboxStorage } from '../../../../src/deliveries/storage/outbox-storage.js';
import type { StorageSignals } from '../../../../src/deliveries/storage/storage-signals.js';
import type { DeliveriesStorage } from '../../../../src/deliveries/storage/storage.js';
import type { UnreadableRowsStorage } from '../../../../src/deliveries/storage/unreadable-rows-storage.js';
import type { ListQuery } from '../../../../src/deliveries/dto/method-inputs.js';
import { active, ended, eventOf, type FilledStorage, type Operation, type OperationsOf } from './filled-storage.js';

const A_DAY_MS = 24 * 3_600_000;

const list =
  (query: Partial<ListQuery>): Operation =>
  ({ storage }) =>
    storage.list({ state: undefined, account: undefined, after: undefined, limit: 100, ...query });

/** A later page, which starts after a delivery of ten days ago. */
const listOn =
  (query: Partial<ListQuery>): Operation =>
  async (filled) =>
    list({ ...query, after: { createdAt: filled.contents.now - 10 * A_DAY_MS, id: '8' } })(filled);

const newest =
  (query: Partial<NewestQuery>): Operation =>
  ({ storage }) =>
    storage.inspection.newest({ state: undefined, account: undefined, before: undefined, limit: 100, ...query });

/** A later page, which starts before a delivery of ten days ago. */
const newestBefore =
  (query: Partial<NewestQuery>): Operation =>
  async (filled) =>
    newest({ ...query, before: { createdAt: filled.contents.now - 10 * A_DAY_MS, id: '8' } })(filled);

const search =
  (step: Partial<SearchStep>): Operation =>
  ({ storage }) =>
    storage.inspection.search({ text: 'ref-5', digits: undefined, before: undefined, rows: 500, ...step });

export const STORAGE_OPERATIONS: OperationsOf<DeliveriesStorage> = {
  start: { listens: ({ storage }) => storage.start() },
  backup: 'PostgreSQL has its own tools.',
  close: 'It closes the connections.',
  transact: 'The operations of a transaction use it.',
  join: {
    'a client of pg': ({ storage, hostTransaction }) =>
      hostTransaction((client) => storage.join(client, (trx) => trx.find('', 'ref-1'))),
  },
  leaseMsLeft: 'It compares two times.',
  find: {
    'a delivery': ({ storage }) => storage.find('', 'ref-1'),
    'no delivery': ({ storage }) => storage.find('shop-3', 'nothing'),
  },
  byId: { 'a delivery': async ({ storage }) => storage.byId((await storage.find('', 'ref-1'))?.id ?? '') },
  list: {
    all: list({}),
    'a later page': listOn({}),
    completed: list({ state: 'completed' }),
    'completed, a later page': listOn({ state: 'completed' }),
    'needs attention': list({ state: 'needs_attention' }),
    'an account': list({ account: 'shop-3' }),
    'an account, a later page': listOn({ account: 'shop-3' }),
    'completed of an account': list({ account: 'shop-3', state: 'completed' }),
    'completed of an account, a later page': listOn({ account: 'shop-3', state: 'completed' }),
    'needs attention of an account': list({ account: 'shop-3', state: 'needs_attention' }),
    'failed of the default account': list({ account: '', state: 'failed' }),
    'failed of an account': list({ account: 'shop-8', state: 'failed' }),
    'an unknown account': list({ account: 'none', state: 'completed' }),
  },
  timeline: { 'a delivery': async (filled) => filled.storage.timeline((await ended(filled, 1)).id) },
  eventsAfter: {
    'a delivery': async (filled) => filled.storage.eventsAfter((await ended(filled, 1)).id, 1),
  },
  lastEventId: { 'a delivery': async (filled) => filled.storage.lastEventId((await ended(filled, 1)).id) },
  attemptOf: {
    'an order': ({ storage }) => storage.attemptOf('', { orderId: 'order-11' }),
    'an attempt': ({ storage }) => storage.attemptOf('', { attemptId: 'none' }),
    'a quotation': ({ storage }) => storage.attemptOf('', { quotationId: 'quotation-11' }),
  },
  oldestDue: { now: ({ storage, contents }) => storage.oldestDue(contents.now) },
  due: {
    'the first page': ({ storage, contents }) => storage.due(contents.now, 100),
    'the second page': async ({ storage, contents }) => {
      const page = await storage.due(contents.now, 50);
      return storage.due(contents.now, 50, page.at(-1));
    },
  },
  postpone: {
    'a delivery': async (filled) => filled.storage.postpone((await active(filled, 1)).id, 'a token', 1),
  },
  claimRead: {
    'an order': ({ storage }) => storage.claimRead({ account: '', orderId: 'read-150', by: 'me', ms: 60_000 }),
  },
  metrics: { all: ({ storage }) => storage.metrics() },
  eraseOld: {
    'a batch': ({ storage, contents }) => storage.eraseOld(contents.now - 5 * A_DAY_MS, 20),
    'nothing left': ({ storage, contents }) => storage.eraseOld(contents.now - 16 * A_DAY_MS, 20),
  },
  pullBackTimes: 'Its times are those of the server.',
};

export const INBOX_OPERATIONS: OperationsOf<InboxStorage> = {
  setAside: { 'old ones': ({ storage, contents: { now } }) => storage.inbox.setAside(now - A_DAY_MS, now, 500) },
  toLookAt: { 'due ones': ({ storage, contents: { now } }) => storage.inbox.toLookAt(now, 100) },
  matched: {
    'the first window': ({ storage }) => storage.inbox.matched(undefined, { window: 5000, limit: 500 }),
    'a later window': ({ storage, contents: { now } }) =>
      storage.inbox.matched({ receivedAt: now - A_DAY_MS, id: 1 }, { window: 200, limit: 50 }),
  },
};

const DONE: DispatchResult = {
  status: 'done',
  handledBy: ['Handlers.quick'],
  tries: 1,
  nextTryAt: undefined,
  blockedOn: undefined,
  error: undefined,
};

async function leased({ storage, contents }: FilledStorage): Promise<number> {
  const [event] = await storage.outbox.pending(undefined, contents.now, 1);
  if (!event) throw new TypeError('No event is due.');
  return event.id;
}

const ALL = new Set(['*']);

export const INSPECTION_OPERATIONS: OperationsOf<InspectionStorage> = {
  newest: {
    all: newest({}),
    'a later page': newestBefore({}),
    'needs attention': newest({ state: 'needs_attention' }),
    'completed, a later page': newestBefore({ state: 'completed' }),
    'of an account': newest({ account: 'shop-3' }),
  },
  search: {
    'the first step': search({}),
    'a later step': search({ digits: '4567', before: { createdAt: Date.now() - 10 * A_DAY_MS, id: '8' } }),
  },
  ofOrder: {
    'an order': ({ storage }) => storage.inspection.ofOrder('order-11'),
    'a former order': ({ storage }) => storage.inspection.ofOrder('no-order'),
  },
  attempts: { 'a delivery': async (filled) => filled.storage.inspection.attempts((await ended(filled, 1)).id) },
  lastChange: { 'the last': ({ storage }) => storage.inspection.lastChange() },
  changesSince: {
    'the latest': async ({ storage }) =>
      storage.inspection.changesSince((await storage.inspection.lastChange()) - 100, 100),
  },
  latestWebhooks: { 'of a type': ({ storage }) => storage.inspection.latestWebhooks('ORDER_STATUS_CHANGED', 2000) },
};

export const OUTBOX_OPERATIONS: OperationsOf<OutboxStorage> = {
  announce: {
    'all types': ({ storage }) => storage.outbox.announce({ delivery: ALL, webhook: ALL }),
    'some types': ({ storage }) =>
      storage.outbox.announce({ delivery: new Set(['quoted']), webhook: new Set(['ORDER_STATUS_CHANGED']) }),
  },
  pending: {
    'some types': ({ storage, contents }) => storage.outbox.pending(undefined, contents.now, 100),
    'all types': async ({ storage, contents }) => {
      await storage.outbox.announce({ delivery: ALL, webhook: ALL });
      return storage.outbox.pending(undefined, contents.now, 100);
    },
    'of a handler': ({ storage, contents }) => storage.outbox.pending('Handlers.slow', contents.now, 100),
    'of a handler without events': ({ storage, contents }) => storage.outbox.pending('none', contents.now, 100),
  },
  nextTryAfter: { now: ({ storage, contents }) => storage.outbox.nextTryAfter(contents.now) },
  block: { 'an event': async (filled) => filled.storage.outbox.block([await leased(filled)], 'Handlers.slow') },
  unblock: { 'a batch': ({ storage }) => storage.outbox.unblock(50) },
  settle: {
    done: async (filled) => filled.storage.outbox.settle(await leased(filled), DONE),
    'an error': async (filled) =>
      filled.storage.outbox.settle(await leased(filled), { ...DONE, status: 'set_aside', error: 'It failed.' }),
    'a blocked event': async (filled) =>
      filled.storage.outbox.settle(await leased(filled), { ...DONE, status: 'pending', blockedOn: 'Handlers.slow' }),
  },
  release: { all: ({ storage }) => storage.outbox.release() },
};

export const UNREADABLE_OPERATIONS: OperationsOf<UnreadableRowsStorage> = {
  mark: {
    'a delivery': async (filled) => {
      const { id } = await ended(filled, 2);
      return filled.storage.unreadable.mark({ table: 'deliveries', id }, 1);
    },
    'an event': async (filled) => {
      const { id } = await eventOf(filled, await ended(filled, 3), 'webhook');
      return filled.storage.unreadable.mark({ table: 'delivery_events', id }, 1);
    },
  },
  recheck: { all: ({ storage, contents }) => storage.unreadable.recheck(contents.now, () => true) },
};

export const SIGNAL_OPERATIONS: OperationsOf<StorageSignals> = {
  publish: {
    'a wake': async ({ storage }) => {
      storage.signals?.publish({ kind: 'wake', deliveryId: 'an id' });
      await new Promise((resolve) => setTimeout(resolve, 200));
    },
  },
};
