import { Logger } from '@nestjs/common';
import { logLine, say, wordsOf } from '../../log-line.js';
import type { LalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { LalamoveEventHandler, LalamoveInbox, LalamoveInboxEntry } from '../../webhooks/inbox/lalamove-inbox.js';
import { tellStep, type DeliveriesHooks } from '../deliveries.hooks.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import { cloneStrayed, placed } from '../machine/evolve.js';
import { namedAgain } from '../machine/order-news.js';
import { IS_WAITING } from '../store/deliveries-schema.js';
import type { Decided, DeliveryStore } from '../store/delivery-store.js';
import type { DeliveriesTransaction } from '../store/group-commit.js';
import { newsIn, newsOf, orderOf, type OrderNews } from '../store/webhook-news.js';

/** What the inbox works with. */
export interface DurableInboxParts {
  readonly store: DeliveryStore;
  readonly hooks: DeliveriesHooks;
  readonly now: () => number;
  /** A delivery has something to do, at that time (Unix ms). */
  readonly wake: (deliveryId: string, at: number) => void;
  /** Handlers may have something to do. */
  readonly wakeHandlers: () => void;
  /** How long a webhook of an order that nobody knows is kept waiting, in ms. */
  readonly strangersMs: number;
}

/** How many webhooks are looked through at a time. */
const BATCH = 200;

const A_DAY_MS = 24 * 3_600_000;

/** The inbox in the deliveries' own database: an event is committed before its webhook is answered, and takes its effect once, in the transaction of the delivery's new state. */
export class DurableInbox implements LalamoveInbox {
  readonly #logger = new Logger('LalamoveInbox');
  readonly #telling = new Set<Promise<void>>();
  #handlersOf: ((event: LalamoveEvent) => readonly LalamoveEventHandler[]) | undefined;
  #isStopped = false;

  constructor(private readonly parts: DurableInboxParts) {}

  async accept(entry: LalamoveInboxEntry): Promise<'new' | 'repeated'> {
    if (this.#isStopped) throw new Error('The app is shutting down.');
    const { hooks } = this.parts;
    const { event } = entry;
    const effect = await this.#stored(entry);
    if (!effect) return 'repeated';
    await tellStep(hooks, 'event_stored', event.fingerprint);
    this.#later(this.#tell(effect, event));
    if (this.#isWanted(event)) this.parts.wakeHandlers();
    return 'new';
  }

  /**
   * Commits an event with its effect. Whatever keeps it from its effect, the event itself is not lost by that: the sweeper tries again.
   *
   * @returns `undefined` where it has come before
   */
  async #stored(entry: LalamoveInboxEntry): Promise<Effect | undefined> {
    const { store } = this.parts;
    const { event, facts } = entry;
    try {
      return await store.write(async (trx) => {
        const id = await this.#insert(trx, entry);
        return id === undefined ? undefined : this.#apply(trx, id, newsIn(event, facts.signedAt), event.account ?? '');
      });
    } catch (error) {
      const id = await store.write((trx) => this.#insert(trx, entry));
      if (id !== undefined) this.#noEffect(id, error);
      return id === undefined ? undefined : NO_EFFECT;
    }
  }

  /** @returns the id of its row; `undefined` where it has come before */
  async #insert(trx: DeliveriesTransaction, { keys, facts, event }: LalamoveInboxEntry): Promise<number | undefined> {
    const [fingerprint, repeatKey = null] = keys;
    const at = this.parts.now();
    const isWanted = this.#isWanted(event);
    const inserted = await trx
      .insertInto('delivery_events')
      .values({
        delivery_id: null,
        account: event.account ?? '',
        source: 'webhook',
        type: event.eventType,
        fingerprint,
        repeat_key: repeatKey,
        order_id: orderOf(event) ?? null,
        quotation_id: null,
        occurred_at: facts.signedAt,
        received_at: facts.receivedAt,
        payload: JSON.stringify(facts),
        applied_at: null,
        set_aside_at: null,
        hand_over: isWanted ? 'pending' : 'none',
        next_try_at: isWanted ? at : null,
        error: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    if (!inserted) await this.#remember(trx, { fingerprint, repeatKey, at });
    return inserted?.id;
  }

  /** Until the handlers are known there may be one. */
  #isWanted(event: LalamoveEvent): boolean {
    return !this.#handlersOf || this.#handlersOf(event).length > 0;
  }

  /** A repetition that was signed anew, or has another id, can be repeated itself: its own keys are kept as well. */
  async #remember(
    trx: DeliveriesTransaction,
    { fingerprint, repeatKey, at }: { fingerprint: string; repeatKey: string | null; at: number },
  ): Promise<void> {
    const keys = [
      { fingerprint, repeat_key: null },
      ...(repeatKey === null ? [] : [{ fingerprint: null, repeat_key: repeatKey }]),
    ];
    for (const key of keys) {
      await trx
        .insertInto('delivery_events')
        .values({
          ...key,
          delivery_id: null,
          account: '',
          source: 'repetition',
          type: 'REPEATED',
          order_id: null,
          quotation_id: null,
          occurred_at: at,
          received_at: at,
          payload: '{}',
          applied_at: at,
          set_aside_at: null,
          hand_over: 'none',
          next_try_at: null,
          error: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
  }

  start(handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[]): void {
    this.#handlersOf = handlersOf;
    this.parts.wakeHandlers();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.idle();
  }

  /** Waits until the effect of what has come is told. */
  async idle(): Promise<void> {
    while (this.#telling.size > 0) await Promise.all(this.#telling);
  }

  /** The handlers of a stored webhook, with its event. */
  handlersOf(payload: string): { event: LalamoveEvent; handlers: readonly LalamoveEventHandler[] } {
    const { event } = newsOf(payload);
    return { event, handlers: this.#handlersOf?.(event) ?? [] };
  }

  /** What a crash or a race has left unapplied takes its effect; what has waited too long for its order is set aside. */
  async sweep(): Promise<void> {
    const { store, now, strangersMs } = this.parts;
    const before = now() - strangersMs;
    await store.write((trx) =>
      trx
        .updateTable('delivery_events')
        .set({ set_aside_at: now() })
        .where(IS_WAITING)
        .where('received_at', '<', before)
        .execute(),
    );
    let after = { receivedAt: 0, id: 0 };
    for (;;) {
      const { receivedAt, id: lastId } = after;
      const rows = await store.db
        .selectFrom('delivery_events')
        .select(['id', 'payload', 'account', 'received_at'])
        .where(IS_WAITING)
        .where('received_at', '>=', receivedAt)
        .where((where) => where.or([where('received_at', '>', receivedAt), where('id', '>', lastId)]))
        .orderBy('received_at')
        .orderBy('id')
        .limit(BATCH)
        .execute();
      for (const { id, payload, account } of rows) await this.#applyAgain(id, payload, account);
      const last = rows.at(-1);
      if (!last || rows.length < BATCH) return;
      after = { receivedAt: last.received_at, id: last.id };
    }
  }

  /** It never rejects: a row of another version must not keep the others from their effect. */
  async #applyAgain(eventId: number, payload: string, account: string): Promise<void> {
    try {
      const news = newsOf(payload);
      await this.#tell(await this.parts.store.write((trx) => this.#apply(trx, eventId, news, account)), news.event);
    } catch (error) {
      this.#noEffect(eventId, error);
    }
  }

  /** The answer to a webhook does not wait for this. */
  #later(telling: Promise<void>): void {
    this.#telling.add(telling);
    void telling.finally(() => this.#telling.delete(telling));
  }

  /** Tells who watches and who works of an effect that is committed. */
  async #tell({ told, wakes }: Effect, event: LalamoveEvent): Promise<void> {
    const { store, hooks, wake } = this.parts;
    await tellStep(hooks, 'event_applied', event.fingerprint);
    store.announce(told);
    for (const { id, at } of wakes) wake(id, at);
  }

  #noEffect(eventId: number, error: unknown): void {
    const told = { event: eventId, error: wordsOf(error) };
    say(this.#logger, 'error', logLine('A webhook could not take its effect', told));
  }

  async #apply(trx: DeliveriesTransaction, eventId: number, news: OrderNews, account: string): Promise<Effect> {
    const { store, now } = this.parts;
    const orderId = orderOf(news.event);
    if (orderId === undefined) {
      await store.markApplied(trx, eventId, null);
      return NO_EFFECT;
    }
    const attempt =
      (await store.attemptOf(trx, account, { orderId })) ??
      (news.attemptId === undefined ? undefined : await store.attemptOf(trx, account, { attemptId: news.attemptId }));
    if (!attempt) return this.#whoMayBeIt(trx, account);
    const told: DeliveryEvent[] = [];
    const { delivery_id: deliveryId } = attempt;
    if (attempt.order_id === null) {
      // The webhook has come before the answer to the order: it says which order it is.
      await store.changeIn(trx, deliveryId, (record) => placed(record, attempt.id, { orderId }, now()), { told });
    } else if (attempt.order_id !== orderId) {
      const { order_id: known } = attempt;
      const { receivedAt } = news.event;
      const decided = await store.changeIn(
        trx,
        deliveryId,
        (standing) => namedAgain(standing, { known, orderId }, Date.parse(receivedAt), now()),
        { told },
      );
      // Whether it is a clone, a read will tell: the sweeper asks again.
      const isSettled = (await store.attemptOf(trx, account, { orderId })) !== undefined;
      if (!isSettled && !decided.record.course.strays?.includes(orderId)) return effectOf(decided, told);
    }
    const { event } = news;
    // Its clone may have become known before it was told of.
    const isKnown =
      event.eventType === 'ORDER_REPLACED' &&
      (await store.attemptOf(trx, account, { orderId: event.orderId })) !== undefined;
    const decided = await store.changeIn(
      trx,
      deliveryId,
      (record) => {
        if (record.course.order?.orderId === orderId) return news.evolve(record, store.policyOf(record), now());
        // An order that was given up lives no more; but its clone does.
        return event.eventType === 'ORDER_REPLACED' && !isKnown
          ? cloneStrayed(record, event.prevOrderId, event.orderId)
          : undefined;
      },
      { told },
    );
    await store.markApplied(trx, eventId, deliveryId);
    return effectOf(decided, told);
  }

  /** Nobody knows the order: it may be that of an attempt whose outcome is unknown. */
  async #whoMayBeIt(trx: DeliveriesTransaction, account: string): Promise<Effect> {
    const at = this.parts.now();
    // Whoever looks first finds out for all.
    const first = await trx
      .selectFrom('delivery_attempts')
      .select('delivery_id')
      .where('account', '=', account)
      // What was given up may turn up yet.
      .where('outcome', 'in', ['unknown', 'abandoned'])
      .where((where) => where.or([where('outcome', '=', 'unknown'), where('reserved_at', '>', at - A_DAY_MS)]))
      .orderBy('reserved_at')
      .limit(1)
      .executeTakeFirst();
    if (!first) return NO_EFFECT;
    await trx.updateTable('deliveries').set({ due_at: at }).where('id', '=', first.delivery_id).execute();
    return { told: [], wakes: [{ id: first.delivery_id, at }] };
  }
}

/** What is to be told of an event's effect once it is committed. */
interface Effect {
  readonly told: readonly DeliveryEvent[];
  /** Unix ms. */
  readonly wakes: readonly { readonly id: string; readonly at: number }[];
}

const NO_EFFECT: Effect = { told: [], wakes: [] };

function effectOf({ record: { id, dueAt } }: Decided, told: readonly DeliveryEvent[]): Effect {
  return { told, wakes: dueAt === undefined ? [] : [{ id, at: dueAt }] };
}
