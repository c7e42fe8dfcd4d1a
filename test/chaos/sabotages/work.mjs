// Sabotages of the work around a delivery: leases, queue, sweeper, inbox and outbox.
import { byTest, sabotage } from './sabotage.mjs';

const TRANSACTIONS = 'application/delivery-transactions.spec';
const INBOX = 'application/durable-inbox.spec';
const OUTBOX = 'application/outbox-dispatcher.spec';

/** @type {readonly import('./sabotage.mjs').Sabotage[]} */
export const WORK = [
  sabotage(
    'no lease fence: a worker goes on after it has lost its lease',
    'application/delivery-transaction.ts',
    'if (!before || (token !== undefined && before.leaseToken !== token)) throw new LostLease();',
    'if (!before) throw new LostLease();',
    byTest(TRANSACTIONS, 'lets one worker claim a delivery, and the next one only after the lease has expired'),
  ),
  sabotage(
    'a worker releases the lease of another one',
    'application/delivery-transaction.ts',
    'if (before?.leaseToken !== token) return undefined;',
    'if (!before || token === undefined) return undefined;',
    byTest(TRANSACTIONS, 'lets one worker claim a delivery, and the next one only after the lease has expired'),
  ),
  sabotage(
    'a lease is not released with the last change',
    'application/delivery-transaction.ts',
    "isYielded ? 'release' : renewal);",
    'renewal);',
    byTest(TRANSACTIONS, 'releases a lease with the last change'),
  ),
  sabotage(
    'a delivery is worked on twice at a time in one process',
    'queue/in-process-queue.ts',
    'if (this.#working.has(id)) continue;',
    '',
    byTest('queue/in-process-queue.spec', 'works on a delivery once at a time'),
  ),
  sabotage(
    'the sweeper skips the delivery that is the longest overdue',
    'application/sweeper.ts',
    'for (const due of page) {',
    'for (const due of page.slice(1)) {',
    'chaos',
  ),
  sabotage(
    'the sweeper reads one page only',
    'application/sweeper.ts',
    'last = page.length < BATCH ? undefined : page.at(-1);',
    'last = undefined;',
    byTest('restart.e2e-spec', 'works on 5 000 due deliveries without a second sweep'),
  ),
  sabotage(
    'the answer to a webhook is sent before its commit',
    'application/durable-inbox.ts',
    'const effect = await this.#store(entry);\n',
    'void this.#store(entry).then(() => wakeHandlers());\n    if (hooks) return ' +
      "'new';\n    const effect = await this.#store(entry);\n",
    'chaos',
  ),
  sabotage(
    'a webhook is lost if its effect fails',
    'application/durable-inbox.ts',
    'return this.#storeAlone(entry, error);',
    'throw error;',
    byTest(INBOX, 'stores an event whose effect throws'),
  ),
  sabotage(
    'webhooks of unknown orders are not applied when their order is known',
    'application/delivery-transaction.ts',
    'return this.#applyPending(before, await this.#carryOut({ ...before, ...transition.correction }, transition));',
    'return this.#carryOut({ ...before, ...transition.correction }, transition);',
    byTest(INBOX, 'keeps events until their order is known'),
  ),
  sabotage(
    'a webhook that waited for its order stays in the queue',
    'application/delivery-transaction.ts',
    'await this.storage.markApplied(webhook.id, record.id, now());',
    '',
    byTest(INBOX, 'keeps events until their order is known'),
  ),
  sabotage(
    'the sweeper never applies unmatched webhooks',
    'application/unmatched-webhooks.ts',
    'for (const webhook of await this.#matched()) await apply(webhook);',
    'await this.#matched();',
    byTest('restart.e2e-spec', 'finds each webhook whose order has become known'),
  ),
  sabotage(
    'a webhook whose effect has failed is not tried again',
    'application/unmatched-webhooks.ts',
    'for (const webhook of await storage.inbox.toLookAt(now(), BATCH)) await apply(webhook);',
    '',
    byTest(INBOX, 'stores an event whose effect throws'),
  ),
  sabotage(
    'two sweeps apply a webhook twice',
    'application/durable-inbox.ts',
    'if (!(await trx.storage.lockWebhook(eventId))) return undefined;',
    '',
    byTest('application/delivery-guards.spec', 'applies an unmatched webhook once if two sweeps find it'),
  ),
  sabotage(
    'orders of unmatched webhooks are never identified',
    'domain/decide-duplicates.ts',
    'if (searchSince(snapshot, now) === undefined) return [];',
    'if (now > 0) return [];',
    byTest('lost-answers.e2e-spec', 'whose answer to the POST is lost'),
  ),
  sabotage(
    'a webhook of an unknown order wakes nobody',
    'application/webhook-effects.ts',
    'const id = await trx.storage.wakeSearcher(account, at, at - A_DAY_MS);',
    'const id = account === null ? await trx.storage.wakeSearcher(account, at, at - A_DAY_MS) : undefined;',
    byTest(INBOX, 'wakes possible deliveries'),
  ),
  sabotage(
    'handlers at most once: an event is done before its handlers are',
    'application/outbox-dispatcher.ts',
    'await noteEnds(dispatch, calls);',
    'for (const { name } of calls) dispatch.done.add(name);',
    'chaos',
  ),
  sabotage(
    'an event whose handler has failed counts as done',
    'application/event-dispatch.ts',
    'failures.push(`${name}: ${wordsOf(error)}`);',
    'done.add(wordsOf(error));',
    'chaos',
  ),
  sabotage(
    'a failed event is never tried again',
    'application/event-dispatch.ts',
    'nextTryAt: isOver ? undefined : now + pauseMs,',
    'nextTryAt: undefined,',
    byTest(OUTBOX, 'retries only the handlers that failed'),
  ),
  sabotage(
    'all handlers are called again if one has failed',
    'application/outbox-dispatcher.ts',
    'const wanted = calls.filter(({ name }) => !done.has(name));',
    'const wanted = calls;',
    byTest(OUTBOX, 'retries only the handlers that failed'),
  ),
  sabotage(
    'an event is dispatched again before its result is stored',
    'application/outbox-dispatcher.ts',
    'await noteEnds(dispatch, calls);\n',
    'await noteEnds(dispatch, calls);\n    this.#underWay.delete(pending.id);\n',
    byTest(OUTBOX, 'dispatches each event of a delivery once and in order'),
  ),
  sabotage(
    'a booking in a transaction of the host wakes nobody',
    'application/delivery-commands.ts',
    'else if (isNew) detached(() => void this.#commits.watch(record));',
    '',
    byTest('races.e2e-spec', 'a booking in a transaction of the host is reported after the commit'),
  ),
];
