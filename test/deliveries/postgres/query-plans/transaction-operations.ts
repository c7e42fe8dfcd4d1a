import { randomUUID } from 'node:crypto';
import type { DeliveryAttempt } from '../../../../src/deliveries/domain/delivery-progress.js';
import type { DeliveryRecord } from '../../../../src/deliveries/storage/delivery-record.js';
import type { NewWebhook } from '../../../../src/deliveries/storage/inbox-storage.js';
import type { StorageTransaction } from '../../../../src/deliveries/storage/storage.js';
import type { LeaseChange } from '../../../../src/deliveries/storage/stored-types.js';
import { factsOf } from '../../../webhooks/event-samples.js';
import { recordNamed } from '../../delivery-rows.js';
import {
  active,
  ended,
  eventOf,
  inTransaction,
  type FilledStorage,
  type Operation,
  type OperationsOf,
} from './filled-storage.js';

const A_DAY_MS = 24 * 3_600_000;
const PRICE = { total: '213.00', currency: 'HKD' };

const save = (change: (record: DeliveryRecord) => DeliveryRecord, lease?: LeaseChange): Operation =>
  inTransaction(async (trx, filled) => {
    const before = await trx.lock((await active(filled, 2)).id);
    if (!before) throw new TypeError('There is no delivery.');
    return trx.save(before, change(before), lease);
  });

function attempt(filled: FilledStorage): DeliveryAttempt {
  const id = randomUUID();
  const times = { reservedAt: filled.contents.now, quotationExpiresAt: filled.contents.now };
  return { id, number: 3, quotationId: `quotation of ${id}`, outcome: 'reserved', ...times };
}

function webhook(filled: FilledStorage, keys: NewWebhook['keys'], more: Partial<NewWebhook> = {}): NewWebhook {
  const type = 'ORDER_STATUS_CHANGED';
  const facts = factsOf(type, { order: { orderId: 'order-11', status: 'ON_GOING' } });
  return {
    keys,
    facts,
    type,
    account: '',
    orderId: 'order-11',
    receivedAt: filled.contents.now,
    isWanted: false,
    ...more,
  };
}

const storeWebhook = (keys: NewWebhook['keys'], more: Partial<NewWebhook> = {}): Operation =>
  inTransaction((trx, filled) => trx.storeWebhook(webhook(filled, keys, more)));

/** A webhook that is stored in the same transaction, as the inbox does. */
const stored = (work: (trx: StorageTransaction, id: number, filled: FilledStorage) => Promise<unknown>): Operation =>
  inTransaction(async (trx, filled) => {
    const id = await trx.storeWebhook(webhook(filled, [randomUUID(), `${randomUUID()}.data.type.key`]));
    if (id === undefined) throw new TypeError('The webhook is a duplicate.');
    return work(trx, id, filled);
  });

export const TRANSACTION_OPERATIONS: OperationsOf<StorageTransaction> = {
  find: { 'a delivery': inTransaction((trx) => trx.find('', 'ref-1')) },
  lock: { 'a delivery': inTransaction(async (trx, filled) => trx.lock((await active(filled, 3)).id)) },
  lockFree: { 'a delivery': inTransaction(async (trx, filled) => trx.lockFree((await active(filled, 3)).id)) },
  insert: {
    'a new delivery': inTransaction((trx, { contents }) => trx.insert(recordNamed(randomUUID(), contents.now))),
    'a known reference': inTransaction((trx, { contents }) => trx.insert(recordNamed('ref-11', contents.now))),
  },
  save: {
    'a change': save((record) => ({ ...record, version: record.version + 1, state: 'on_going', dueAt: 1 })),
    'a lease': save((record) => record, { token: 'mine', ms: 60_000 }),
    'the end of a lease': save((record) => record, 'release'),
  },
  refuseIfRestored: { 'a database that was not': inTransaction((trx) => trx.refuseIfRestored()) },
  addEvents: {
    'wanted and unwanted': inTransaction(async (trx, filled) => {
      const event = { type: 'quoted', quotationId: '1', total: '1', currency: 'HKD' } as const;
      const events = [true, false].map((isWanted) => ({ event, isWanted }));
      return trx.addEvents(await active(filled, 4), events, filled.contents.now);
    }),
  },
  erase: {
    'an ended delivery': inTransaction(async (trx, filled) => trx.erase((await ended(filled, 5)).id)),
    'an active delivery': inTransaction(async (trx, filled) => trx.erase((await active(filled, 5)).id)),
  },
  shiftTimes: 'Its times are those of the server.',

  reserveAttempt: {
    'a new attempt': inTransaction(async (trx, filled) =>
      trx.reserveAttempt(await active(filled, 6), attempt(filled), PRICE),
    ),
  },
  attemptOf: {
    'an order': inTransaction((trx) => trx.attemptOf('', { orderId: 'order-11' })),
    'an unknown order': inTransaction((trx) => trx.attemptOf('shop-3', { orderId: 'none' })),
  },
  settleAttempts: {
    'an attempt': inTransaction(async (trx, filled) => {
      const reserved = attempt(filled);
      await trx.reserveAttempt(await active(filled, 7), reserved, PRICE);
      const change = { id: reserved.id, outcome: 'placed', orderId: randomUUID() } as const;
      return trx.settleAttempts([change], filled.contents.now);
    }),
  },
  addClone: {
    'a new order': inTransaction(async (trx, filled) => {
      const record = await active(filled, 8);
      return trx.addClone(record, { prevOrderId: orderOf(record), orderId: randomUUID() });
    }),
  },
  addReplaced: {
    'a new order': inTransaction(async (trx, filled) => {
      const known = await trx.attemptOf('', { orderId: orderOf(await active(filled, 9)) });
      if (!known) throw new TypeError('There is no attempt.');
      return trx.addReplaced(known, randomUUID());
    }),
  },
  wakeSearcher: {
    'the default account': inTransaction((trx, { contents: { now } }) => trx.wakeSearcher('', now, now - A_DAY_MS)),
    'an account without attempts': inTransaction((trx, { contents: { now } }) => trx.wakeSearcher('shop-3', now, now)),
  },

  storeWebhook: {
    'a new one': storeWebhook(['new fingerprint', 'new id.data.type.key'], { applied: { deliveryId: 'an id' } }),
    'one for a handler': storeWebhook(['wanted fingerprint'], { isWanted: true }),
    'a duplicate': async (filled) => {
      await storeWebhook(['same', 'same id.data.type.key'])(filled);
      await storeWebhook(['signed again', 'same id.data.type.key'])(filled);
    },
    'a duplicate of an earlier version': async (filled) => {
      await storeWebhook(['old', 'old id.data.type'])(filled);
      await storeWebhook(['new', 'old id.data.type.key'])(filled);
    },
  },
  lockWebhook: { 'a webhook': stored((trx, id) => trx.lockWebhook(id)) },
  markApplied: {
    'a webhook': stored((trx, id) => trx.markApplied(id, 'an id', 1)),
    'a webhook without a delivery': inTransaction(async (trx, filled) => {
      const { id } = await eventOf(filled, await ended(filled, 10), 'webhook');
      return trx.markApplied(id, undefined, 1);
    }),
  },
  lookAgain: { 'a webhook': stored((trx, id, { contents }) => trx.lookAgain(id, contents.now)) },
  pendingWebhooks: {
    'of an order': inTransaction((trx) => trx.pendingWebhooks('', 'unmatched-7')),
    'of an order without any': inTransaction((trx) => trx.pendingWebhooks('', 'order-11')),
  },
  unidentifiedOrders: {
    'since a day': inTransaction((trx, { contents: { now } }) => trx.unidentifiedOrders('', now - A_DAY_MS, 20)),
  },
  markIdentified: {
    'an unmatched order': inTransaction((trx) => trx.markIdentified('', 'unmatched-8', 'a quotation')),
    'a known order': inTransaction((trx) => trx.markIdentified('', 'order-12', 'a quotation')),
  },
};

/** The order of a filled delivery is named after its number. */
function orderOf({ reference }: DeliveryRecord): string {
  return reference.replace('ref-', 'order-');
}
