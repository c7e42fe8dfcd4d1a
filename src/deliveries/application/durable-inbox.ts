import { Logger } from '@nestjs/common';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import type { WorkTracing } from '../../internal/work-tracing.js';
import type { LalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { LalamoveEventHandler, LalamoveInbox, LalamoveInboxEntry } from '../../webhooks/inbox/lalamove-inbox.js';
import { reportStep, type DeliveriesHooks } from '../deliveries.hooks.js';
import type { NewWebhook, StoredFacts, StoredWebhook } from '../storage/inbox-storage.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import { UnmatchedWebhooks } from './unmatched-webhooks.js';
import { UnreadableRows } from './unreadable-rows.js';
import { isClearly, WebhookEffects, type Effect } from './webhook-effects.js';
import type { WebhookHandlers } from './webhook-handlers.js';
import { orderOf, readWebhook, webhookUpdate, type WebhookUpdate } from './webhook-updates.js';

/** The dependencies of {@link DurableInbox}. */
export interface DurableInboxParts {
  readonly deliveries: DeliveryTransactions;
  readonly handlers: WebhookHandlers;
  /** Whether a type has handlers in another process. */
  readonly isAnnounced?: (type: string) => boolean;
  readonly hooks: DeliveriesHooks;
  readonly tracing?: WorkTracing;
  readonly now: () => number;
  /** Resolves after the stored times are adjusted to a clock that was set; `undefined` if the clock was not set. */
  readonly clockSettled?: () => Promise<void> | undefined;
  /** Wakes a delivery at this time, in Unix ms. */
  readonly wake: (deliveryId: string, at: number) => void;
  /** Wakes the dispatcher, because there may be events for handlers. */
  readonly wakeHandlers: () => void;
  /** The maximum time that a webhook of an unknown order waits, in ms. */
  readonly unmatchedMs: number;
}

/** An entry, with the trace of its request. */
type TracedEntry = LalamoveInboxEntry & { readonly facts: StoredFacts };

/**
 * The inbox in the deliveries database. A webhook is committed before its response is sent. It is applied exactly once,
 * in the transaction that saves the new state of the delivery.
 */
export class DurableInbox implements LalamoveInbox {
  readonly #logger = new Logger('LalamoveInbox');
  /** The running reports of committed effects. The response to a webhook does not wait for them. */
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

  async accept(received: LalamoveInboxEntry): Promise<'new' | 'repeated'> {
    if (this.#isStopped) throw new Error('The app is shutting down.');
    const { handlers, hooks, clockSettled, wakeHandlers } = this.parts;
    const entry = this.#traced(received);
    const { event } = entry;
    // Usually the clock was not set, and this adds no `await`.
    const settling = clockSettled?.();
    if (settling) await settling;
    const effect = await this.#store(entry);
    if (!effect) return 'repeated';
    await reportStep(hooks, 'event_stored', event.fingerprint);
    this.#later(this.#report(effect, event));
    if (handlers.isWanted(event)) wakeHandlers();
    return 'new';
  }

  /** Called before any wait: later, the work may be in the context of another webhook. */
  #traced(entry: LalamoveInboxEntry): TracedEntry {
    const trace = this.parts.tracing?.tracer?.capture();
    return trace === undefined ? entry : { ...entry, facts: { ...entry.facts, trace } };
  }

  /**
   * Commits an event with its effect. If the effect fails, only the event is stored, and the sweeper retries it.
   *
   * @returns `undefined` if the event was stored before
   */
  async #store(entry: TracedEntry): Promise<Effect | undefined> {
    const { deliveries, now } = this.parts;
    const { event, facts } = entry;
    const account = event.account ?? '';
    try {
      return await deliveries.transact(async (trx) => {
        const update = webhookUpdate(event, facts);
        const attempt = await this.#effects.attemptOf(trx, account, update);
        const isClear = isClearly(update, attempt);
        const applied = isClear ? { deliveryId: attempt?.deliveryId } : undefined;
        const id = await trx.storage.storeWebhook(this.#newWebhook(entry, applied));
        if (id === undefined) return undefined;
        const effect = await this.#effects.take(trx, account, update, attempt);
        if (effect.isTaken && !isClear) await trx.storage.markApplied(id, attempt?.deliveryId, now());
        if (!effect.isTaken && (attempt || namesClone(update))) await trx.storage.lookAgain(id, now());
        return effect;
      });
    } catch (error) {
      return this.#storeAlone(entry, error);
    }
  }

  /** @param error the reason why the event could not be applied */
  async #storeAlone(entry: TracedEntry, error: unknown): Promise<Effect | undefined> {
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

  #isWanted(event: LalamoveEvent): boolean {
    const { handlers, isAnnounced } = this.parts;
    // Other handlers of the type may be in other processes, for another account.
    return handlers.isWanted(event) || (this.isShared && isAnnounced?.(event.eventType) === true);
  }

  /** Other processes on the database may receive the webhooks. */
  get isShared(): boolean {
    return this.parts.deliveries.storage.signals !== undefined;
  }

  #newWebhook({ keys, facts, event }: TracedEntry, applied?: NewWebhook['applied']): NewWebhook {
    return {
      keys,
      facts,
      type: event.eventType,
      account: event.account ?? '',
      orderId: orderOf(event),
      // Uses the clock of deliveries, which may differ from the clock that verified the webhook.
      receivedAt: this.parts.now(),
      isWanted: this.#isWanted(event),
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

  /** Waits until the effects of all accepted webhooks are reported. */
  async idle(): Promise<void> {
    while (this.#reports.size > 0) await Promise.all(this.#reports);
  }

  /** Applies webhooks that a crash or a race left unapplied. Sets aside those that have waited too long. */
  async sweep(): Promise<void> {
    await this.#unmatched.sweep();
  }

  /** Applies a stored webhook. It never rejects, so that a row of another version does not block the other webhooks. */
  async #applyAgain(webhook: StoredWebhook): Promise<void> {
    const { id: eventId, receivedAt } = webhook;
    const { deliveries } = this.parts;
    try {
      const update = readWebhook(webhook, receivedAt);
      const effect = await deliveries.transact(async (trx) => {
        // The webhook may have been applied after it was read.
        if (!(await trx.storage.lockWebhook(eventId))) return undefined;
        const attempt = await this.#effects.attemptOf(trx, webhook.account, update);
        const taken = await this.#effects.take(trx, webhook.account, update, attempt);
        const mayMatch = attempt !== undefined || namesClone(update);
        if (taken.isTaken) await trx.storage.markApplied(eventId, attempt?.deliveryId, this.parts.now());
        else await trx.storage.lookAgain(eventId, mayMatch ? this.#unmatched.nextLook(receivedAt) : undefined);
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

  /** Runs a report in the background. The response to the webhook does not wait for it. */
  #later(report: Promise<void>): void {
    this.#reports.add(report);
    void report.finally(() => this.#reports.delete(report));
  }

  /** Wakes the deliveries of a committed effect. Watchers already got its events at the commit, in commit order. */
  async #report({ isTaken, wakes }: Effect, event: LalamoveEvent): Promise<void> {
    const { hooks, wake } = this.parts;
    if (isTaken) await reportStep(hooks, 'event_applied', event.fingerprint);
    for (const { id, at } of wakes) wake(id, at);
  }

  /** Logs a failed effect. It never rejects. An unreadable row, of the webhook or its delivery, is reported once. */
  async #noEffect(eventId: number, error: unknown): Promise<void> {
    if (await this.#unreadable.found(error).catch(() => false)) return;
    const fields = { event: eventId, error: wordsOf(error) };
    say(this.#logger, 'error', logLine('A webhook could not take its effect', fields));
  }
}

/** Whether a webhook names two orders. If the second one becomes known, the webhook has its delivery too. */
function namesClone({ event }: WebhookUpdate): boolean {
  return event.eventType === 'ORDER_REPLACED';
}
