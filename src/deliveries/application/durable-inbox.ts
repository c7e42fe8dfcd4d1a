import { Logger } from '@nestjs/common';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import type { LalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import { formerKeyOf } from '../../webhooks/inbox/event-keys.js';
import type { LalamoveEventHandler, LalamoveInbox, LalamoveInboxEntry } from '../../webhooks/inbox/lalamove-inbox.js';
import { reportStep, type DeliveriesHooks } from '../deliveries.hooks.js';
import type { DeliveryStore } from '../storage/sqlite/delivery-store.js';
import type { DeliveriesTransaction } from '../storage/sqlite/group-commit.js';
import { updatesIn, updateOf, orderOf } from '../storage/webhook-updates.js';
import { UnmatchedWebhooks, type WaitingWebhook } from './unmatched-webhooks.js';
import { UnreadableRows } from './unreadable-rows.js';
import { isClearly, WebhookEffects, type Effect } from './webhook-effects.js';

/** What the inbox works with. */
export interface DurableInboxParts {
  readonly store: DeliveryStore;
  readonly hooks: DeliveriesHooks;
  readonly now: () => number;
  /** Resolves once a clock that was set has been taken notice of; `undefined` if it was not set. */
  readonly clockSettled?: () => Promise<void> | undefined;
  /** A delivery has something to do, at that time (Unix ms). */
  readonly wake: (deliveryId: string, at: number) => void;
  /** Handlers may have something to do. */
  readonly wakeHandlers: () => void;
  /** How long a webhook of an order that nobody knows is kept waiting, in ms. */
  readonly unmatchedMs: number;
}

/**
 * The inbox in the deliveries' own database: an event is committed before its webhook is answered, and takes its effect
 * once, in the transaction of the delivery's new state.
 */
export class DurableInbox implements LalamoveInbox {
  readonly #logger = new Logger('LalamoveInbox');
  readonly #transact = new Set<Promise<void>>();
  #handlersOf: ((event: LalamoveEvent) => readonly LalamoveEventHandler[]) | undefined;
  readonly #effects: WebhookEffects;
  readonly #unmatched: UnmatchedWebhooks;
  readonly #unreadable: UnreadableRows;
  #isStopped = false;

  constructor(private readonly parts: DurableInboxParts) {
    const { store, now, unmatchedMs: maxAgeMs } = parts;
    this.#effects = new WebhookEffects(store, now);
    this.#unmatched = new UnmatchedWebhooks({ store, now, maxAgeMs, apply: (webhook) => this.#applyAgain(webhook) });
    this.#unreadable = new UnreadableRows({ store, logger: this.#logger, now });
  }

  async accept(entry: LalamoveInboxEntry): Promise<'new' | 'repeated'> {
    if (this.#isStopped) throw new Error('The app is shutting down.');
    const { hooks, clockSettled } = this.parts;
    const { event } = entry;
    // Usually there is nothing to wait for, and no turn is lost.
    const settling = clockSettled?.();
    if (settling) await settling;
    const effect = await this.#stored(entry);
    if (!effect) return 'repeated';
    await reportStep(hooks, 'event_stored', event.fingerprint);
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
    const account = event.account ?? '';
    try {
      return await store.transact(async (trx, told) => {
        const update = updatesIn(event, facts.signedAt);
        const attempt = await this.#effects.attemptOf(trx, account, update);
        const isClear = isClearly(update, attempt);
        const id = await this.#insert(trx, entry, isClear ? { deliveryId: attempt?.delivery_id ?? null } : undefined);
        if (id === undefined) return undefined;
        const effect = await this.#effects.take(trx, account, update, attempt, told);
        if (effect.isTaken && !isClear) await store.markApplied(trx, id, attempt?.delivery_id ?? null);
        if (!effect.isTaken && attempt) await this.#lookAgain(trx, id, this.parts.now());
        return effect;
      });
    } catch (error) {
      const id = await store.write(async (trx) => {
        const kept = await this.#insert(trx, entry);
        if (kept !== undefined) await this.#lookAgain(trx, kept, this.parts.now());
        return kept;
      });
      if (id !== undefined) await this.#noEffect(id, error);
      return id === undefined ? undefined : { isTaken: false, wakes: [] };
    }
  }

  /**
   * @param applied the delivery on which it takes its effect in this very transaction
   * @returns the id of its row; `undefined` where it has come before
   */
  async #insert(
    trx: DeliveriesTransaction,
    { keys, facts, event }: LalamoveInboxEntry,
    applied?: { deliveryId: string | null },
  ): Promise<number | undefined> {
    const [fingerprint, repeatKey] = keys;
    const at = this.parts.now();
    if (repeatKey !== undefined && (await this.#wasStoredBefore(trx, repeatKey, event.account ?? ''))) {
      await this.#remember(trx, { fingerprint, repeatKey, at });
      return undefined;
    }
    const isWanted = this.#isWanted(event);
    const inserted = await trx
      .insertInto('delivery_events')
      .values({
        delivery_id: applied?.deliveryId,
        account: event.account ?? '',
        source: 'webhook',
        type: event.eventType,
        fingerprint,
        repeat_key: repeatKey,
        order_id: orderOf(event),
        occurred_at: facts.signedAt,
        // By the clock that deliveries go by, which may be another one than its webhook was verified by.
        received_at: at,
        payload: JSON.stringify(facts),
        applied_at: applied && at,
        dispatch: isWanted ? 'pending' : 'none',
        next_try_at: isWanted ? at : undefined,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    if (!inserted) await this.#remember(trx, { fingerprint, repeatKey, at });
    return inserted?.id;
  }

  /** Whether a version before, whose keys named no account, has stored it. */
  async #wasStoredBefore(trx: DeliveriesTransaction, repeatKey: string, account: string): Promise<boolean> {
    const row = await trx
      .selectFrom('delivery_events')
      .select('id')
      .where('repeat_key', '=', formerKeyOf(repeatKey))
      .where((where) => where.or([where('account', '=', account), where('source', '=', 'repetition')]))
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Until the handlers are known there may be one. */
  #isWanted(event: LalamoveEvent): boolean {
    return !this.#handlersOf || this.#handlersOf(event).length > 0;
  }

  /** A repetition that was signed anew, or has another id, can be repeated itself: its own keys are kept as well. */
  async #remember(
    trx: DeliveriesTransaction,
    { fingerprint, repeatKey, at }: { fingerprint: string; repeatKey: string | undefined; at: number },
  ): Promise<void> {
    const kept = [{ fingerprint }, ...(repeatKey === undefined ? [] : [{ repeat_key: repeatKey }])];
    for (const key of kept) {
      await trx
        .insertInto('delivery_events')
        .values({
          ...key,
          account: '',
          source: 'repetition',
          type: 'REPEATED',
          occurred_at: at,
          received_at: at,
          payload: '{}',
          applied_at: at,
          dispatch: 'none',
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
    while (this.#transact.size > 0) await Promise.all(this.#transact);
  }

  /**
   * The handlers of a stored webhook, with its event.
   *
   * @throws UnreadableRow
   */
  handlersOf(row: { readonly id: number; readonly payload: string }): {
    event: LalamoveEvent;
    handlers: readonly LalamoveEventHandler[];
  } {
    const { event } = updateOf(row);
    return { event, handlers: this.#handlersOf?.(event) ?? [] };
  }

  /** What a crash or a race has left unapplied takes its effect; what has waited too long is set aside. */
  async sweep(): Promise<void> {
    await this.#unmatched.sweep();
  }

  /** It never rejects: a row of another version must not keep the others from their effect. */
  async #applyAgain({ id: eventId, payload, account, received_at: receivedAt }: WaitingWebhook): Promise<void> {
    const { store } = this.parts;
    try {
      const update = updateOf({ id: eventId, payload }, receivedAt);
      const effect = await store.transact(async (trx, told) => {
        // It may have taken its effect since it was looked up.
        if (!(await this.#isWaiting(trx, eventId))) return undefined;
        const attempt = await this.#effects.attemptOf(trx, account, update);
        const taken = await this.#effects.take(trx, account, update, attempt, told);
        if (taken.isTaken) await store.markApplied(trx, eventId, attempt?.delivery_id ?? null);
        else await this.#lookAgain(trx, eventId, attempt && this.#unmatched.nextLook(receivedAt));
        return taken;
      });
      if (effect) await this.#tell(effect, update.event);
    } catch (error) {
      await this.#noEffect(eventId, error);
      await store
        .write((trx) => this.#lookAgain(trx, eventId, this.#unmatched.nextLook(receivedAt)))
        .catch((failure: unknown) => this.#noEffect(eventId, failure));
    }
  }

  /** @param at Unix ms; `undefined` for one that names no attempt: its order alone can match it */
  async #lookAgain(trx: DeliveriesTransaction, eventId: number, at: number | undefined): Promise<void> {
    await trx
      .updateTable('delivery_events')
      .set({ look_at: at ?? null })
      .where('id', '=', eventId)
      .execute();
  }

  async #isWaiting(trx: DeliveriesTransaction, eventId: number): Promise<boolean> {
    const row = await trx
      .selectFrom('delivery_events')
      .select('applied_at')
      .where('id', '=', eventId)
      .executeTakeFirst();
    return row?.applied_at === null;
  }

  /** The answer to a webhook does not wait for this. */
  #later(transact: Promise<void>): void {
    this.#transact.add(transact);
    void transact.finally(() => this.#transact.delete(transact));
  }

  /** Tells who works of an effect that is committed; who watches has been told with the commit, in its order. */
  async #tell({ isTaken, wakes }: Effect, event: LalamoveEvent): Promise<void> {
    const { hooks, wake } = this.parts;
    if (isTaken) await reportStep(hooks, 'event_applied', event.fingerprint);
    for (const { id, at } of wakes) wake(id, at);
  }

  /** It never rejects. A row that cannot be read, be it the webhook's or its delivery's, is reported once. */
  async #noEffect(eventId: number, error: unknown): Promise<void> {
    if (await this.#unreadable.found(error).catch(() => false)) return;
    const told = { event: eventId, error: wordsOf(error) };
    say(this.#logger, 'error', logLine('A webhook could not take its effect', told));
  }
}
