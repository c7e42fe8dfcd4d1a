import { Logger } from '@nestjs/common';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import type { LalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { LalamoveEventHandler, LalamoveInbox, LalamoveInboxEntry } from '../../webhooks/inbox/lalamove-inbox.js';
import { reportStep, type DeliveriesHooks } from '../deliveries.hooks.js';
import type { NewWebhook, StoredWebhook } from '../storage/inbox-storage.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import { UnmatchedWebhooks } from './unmatched-webhooks.js';
import { UnreadableRows } from './unreadable-rows.js';
import { isClearly, WebhookEffects, type Effect } from './webhook-effects.js';
import type { WebhookHandlers } from './webhook-handlers.js';
import { orderOf, readWebhook, webhookUpdate } from './webhook-updates.js';

/** What the inbox works with. */
export interface DurableInboxParts {
  readonly deliveries: DeliveryTransactions;
  readonly handlers: WebhookHandlers;
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
  /** What is reported of committed effects, and not waited for. */
  readonly #reports = new Set<Promise<void>>();
  readonly #effects: WebhookEffects;
  readonly #unmatched: UnmatchedWebhooks;
  readonly #unreadable: UnreadableRows;
  #isStopped = false;

  constructor(private readonly parts: DurableInboxParts) {
    const { deliveries, now, unmatchedMs: maxAgeMs } = parts;
    const { storage } = deliveries;
    this.#effects = new WebhookEffects(deliveries, now);
    this.#unmatched = new UnmatchedWebhooks({ storage, now, maxAgeMs, apply: (webhook) => this.#applyAgain(webhook) });
    this.#unreadable = new UnreadableRows({ storage, logger: this.#logger, now });
  }

  async accept(entry: LalamoveInboxEntry): Promise<'new' | 'repeated'> {
    if (this.#isStopped) throw new Error('The app is shutting down.');
    const { handlers, hooks, clockSettled, wakeHandlers } = this.parts;
    const { event } = entry;
    // Usually there is nothing to wait for, and no turn is lost.
    const settling = clockSettled?.();
    if (settling) await settling;
    const effect = await this.#store(entry);
    if (!effect) return 'repeated';
    await reportStep(hooks, 'event_stored', event.fingerprint);
    this.#later(this.#report(effect, event));
    if (handlers.isWanted(event)) wakeHandlers();
    return 'new';
  }

  /**
   * Commits an event with its effect. If its effect fails, the event itself is stored: the sweeper tries again.
   *
   * @returns `undefined` if it has come before
   */
  async #store(entry: LalamoveInboxEntry): Promise<Effect | undefined> {
    const { deliveries, now } = this.parts;
    const { event, facts } = entry;
    const account = event.account ?? '';
    try {
      return await deliveries.transact(async (trx) => {
        const update = webhookUpdate(event, facts.signedAt);
        const attempt = await this.#effects.attemptOf(trx, account, update);
        const isClear = isClearly(update, attempt);
        const applied = isClear ? { deliveryId: attempt?.deliveryId } : undefined;
        const id = await trx.storage.storeWebhook(this.#newWebhook(entry, applied));
        if (id === undefined) return undefined;
        const effect = await this.#effects.take(trx, account, update, attempt);
        if (effect.isTaken && !isClear) await trx.storage.markApplied(id, attempt?.deliveryId, now());
        if (!effect.isTaken && attempt) await trx.storage.lookAgain(id, now());
        return effect;
      });
    } catch (error) {
      return this.#storeAlone(entry, error);
    }
  }

  /** @param error why it could not take its effect */
  async #storeAlone(entry: LalamoveInboxEntry, error: unknown): Promise<Effect | undefined> {
    const { deliveries, now } = this.parts;
    const id = await deliveries.storage.transact(async (trx) => {
      const stored = await trx.storeWebhook(this.#newWebhook(entry));
      if (stored !== undefined) await trx.lookAgain(stored, now());
      return stored;
    });
    if (id === undefined) return undefined;
    await this.#noEffect(id, error);
    return { isTaken: false, wakes: [] };
  }

  #newWebhook({ keys, facts, event }: LalamoveInboxEntry, applied?: NewWebhook['applied']): NewWebhook {
    return {
      keys,
      facts,
      type: event.eventType,
      account: event.account ?? '',
      orderId: orderOf(event),
      // By the clock that deliveries go by, which may be another one than its webhook was verified by.
      receivedAt: this.parts.now(),
      isWanted: this.parts.handlers.isWanted(event),
      applied,
    };
  }

  start(handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[]): void {
    this.parts.handlers.use(handlersOf);
    this.parts.wakeHandlers();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.idle();
  }

  /** Waits until the effect of what has come is reported. */
  async idle(): Promise<void> {
    while (this.#reports.size > 0) await Promise.all(this.#reports);
  }

  /** What a crash or a race has left unapplied takes its effect; what has waited too long is set aside. */
  async sweep(): Promise<void> {
    await this.#unmatched.sweep();
  }

  /** It never rejects: a row of another version must not keep the others from their effect. */
  async #applyAgain(webhook: StoredWebhook): Promise<void> {
    const { id: eventId, receivedAt } = webhook;
    const { deliveries } = this.parts;
    try {
      const update = readWebhook(webhook, receivedAt);
      const effect = await deliveries.transact(async (trx) => {
        // It may have taken its effect since it was looked up.
        if (!(await trx.storage.lockWebhook(eventId))) return undefined;
        const attempt = await this.#effects.attemptOf(trx, webhook.account, update);
        const taken = await this.#effects.take(trx, webhook.account, update, attempt);
        if (taken.isTaken) await trx.storage.markApplied(eventId, attempt?.deliveryId, this.parts.now());
        else await trx.storage.lookAgain(eventId, attempt && this.#unmatched.nextLook(receivedAt));
        return taken;
      });
      if (effect) await this.#report(effect, update.event);
    } catch (error) {
      await this.#noEffect(eventId, error);
      await deliveries.storage
        .transact((trx) => trx.lookAgain(eventId, this.#unmatched.nextLook(receivedAt)))
        .catch((failure: unknown) => this.#noEffect(eventId, failure));
    }
  }

  /** The answer to a webhook does not wait for this. */
  #later(report: Promise<void>): void {
    this.#reports.add(report);
    void report.finally(() => this.#reports.delete(report));
  }

  /** Wakes the deliveries of an effect that is committed; watchers got its events with the commit, in its order. */
  async #report({ isTaken, wakes }: Effect, event: LalamoveEvent): Promise<void> {
    const { hooks, wake } = this.parts;
    if (isTaken) await reportStep(hooks, 'event_applied', event.fingerprint);
    for (const { id, at } of wakes) wake(id, at);
  }

  /** It never rejects. A row that cannot be read, be it the webhook's or its delivery's, is reported once. */
  async #noEffect(eventId: number, error: unknown): Promise<void> {
    if (await this.#unreadable.found(error).catch(() => false)) return;
    const fields = { event: eventId, error: wordsOf(error) };
    say(this.#logger, 'error', logLine('A webhook could not take its effect', fields));
  }
}
