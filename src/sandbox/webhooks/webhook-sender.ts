import { sign } from '../../api/signature.js';
import { tenantKey, type Tenant } from '../state/tenant.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import { UntimelyWarnings } from './untimely-warnings.js';
import { explainAttempt } from './explain-attempt.js';
import type { WebhookAttempt, WebhookDelivery, WebhookRegistration } from './webhook-delivery.js';
import { postWebhook, type PostOutcome } from './post-webhook.js';

/** How many characters of an answer are kept. */
const MAX_ANSWER = 500;

/** Posts events to their URLs: one after the other, signed, with retries. After the last retry the URL is disabled. */
export class WebhookSender {
  /** The last queued post of each tenant. */
  readonly #queues = new Map<string, Promise<void>>();
  readonly #stopped = new AbortController();
  readonly #untimely: UntimelyWarnings;

  constructor(private readonly world: SandboxWorld) {
    this.#untimely = new UntimelyWarnings(world);
  }

  /** Whether a URL answers an empty `POST` with 200. */
  async probe(url: string): Promise<boolean> {
    const outcome = await postWebhook(url, '', this.world.settings.webhooks.timeoutMs, this.#stopped.signal);
    return 'status' in outcome && outcome.status === 200;
  }

  /** The webhook URL of a tenant; `undefined` if it has none, or if it is disabled. */
  registration(tenant: Tenant): WebhookRegistration | undefined {
    const registration = this.world.state.registrations.get(tenantKey(tenant));
    return registration?.isDisabled === false ? registration : undefined;
  }

  /** Queues an attempt, which starts after those before it and not before `allowed`. It resolves after the attempt. */
  async send(delivery: WebhookDelivery, allowed?: Promise<void>): Promise<void> {
    const isTwice = delivery.isDoubled && delivery.begun === 0;
    await Promise.all([this.#enqueue(delivery, allowed), ...(isTwice ? [this.#enqueue(delivery, allowed)] : [])]);
  }

  async #enqueue(delivery: WebhookDelivery, allowed?: Promise<void>): Promise<void> {
    delivery.begun += 1;
    const key = tenantKey(delivery.tenant);
    const queue = (this.#queues.get(key) ?? Promise.resolve())
      .then(() => allowed)
      .then(() => this.#postWebhook(delivery));
    this.#queues.set(key, queue);
    await queue;
    if (this.#queues.get(key) === queue) this.#queues.delete(key);
  }

  /** Schedules the next attempt. */
  sendLater(delivery: WebhookDelivery, pauseMs: number): void {
    const at = this.world.clock.now() + pauseMs;
    this.world.scheduler.add({ at, kind: 'webhook', delivery: delivery.key, attempt: delivery.begun + 1 });
  }

  /** Makes an attempt that is due: a retry, or one that a fault has delayed. */
  attempt(key: string, attempt: number): void {
    const delivery = this.world.state.deliveries.get(key);
    if (delivery?.begun !== attempt - 1 || delivery.state !== 'pending') return;
    const registration = this.registration(delivery.tenant);
    if (registration?.heldBack === key) registration.heldBack = undefined;
    void this.send(delivery);
  }

  /** Resolves when nothing is being sent. Scheduled attempts do not count. */
  async idle(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all(this.#queues.values());
  }

  /** Aborts the current posts, and sends nothing more. */
  stop(): void {
    this.#stopped.abort();
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  async #postWebhook(delivery: WebhookDelivery): Promise<void> {
    const registration = this.registration(delivery.tenant);
    if (!registration || this.#isStopped()) {
      if (delivery.state === 'pending') delivery.state = 'abandoned';
      this.#touch(delivery);
      return;
    }
    const { url } = registration;
    // An app with another time would drop the event because of its timestamp.
    await this.world.followers.allSynced();
    const at = this.world.clock.now();
    const body = this.#body(delivery, url, at);
    const outcome = await postWebhook(url, body, this.world.settings.webhooks.timeoutMs, this.#stopped.signal);
    if (this.#isStopped()) return;
    delivery.attempts.push({ at, ...attemptOf(url, delivery, outcome) });
    this.#touch(delivery);
    if ('status' in outcome) this.#untimely.look(delivery, url, outcome);
    this.world.log.add({
      kind: 'webhook',
      eventId: delivery.eventId,
      type: delivery.eventType,
      url,
      attempt: delivery.attempts.length,
      outcome: 'status' in outcome ? String(outcome.status) : outcome.error,
    });
    if ('status' in outcome && outcome.status === 200) delivery.state = 'delivered';
    else if (delivery.state === 'pending' && delivery.attempts.length === delivery.begun) {
      this.#retry(delivery, registration);
    }
  }

  #touch({ key }: WebhookDelivery): void {
    this.world.changes.touch('webhook', key);
  }

  #retry(delivery: WebhookDelivery, registration: WebhookRegistration): void {
    const wait = this.world.settings.webhooks.retryPausesMs[delivery.retries];
    if (wait !== undefined) {
      delivery.retries += 1;
      this.sendLater(delivery, wait);
      return;
    }
    delivery.state = 'abandoned';
    registration.isDisabled = true;
    const { url, tenant } = registration;
    this.world.log.add({ kind: 'url-disabled', url, market: tenant.market });
  }

  /** The body of a post. It contains the signed `data` unchanged. */
  #body(
    { eventId, eventType, tenant, data, occurredAt, isBadlySigned }: WebhookDelivery,
    url: string,
    now: number,
  ): string {
    const isFresh = this.world.settings.unknowns.webhookRetries === 'signed-anew';
    const timestamp = Math.floor((isFresh ? now : occurredAt) / 1000);
    const secret = this.world.settings.secretOf(tenant.apiKey) ?? '';
    const { pathname: path } = new URL(url);
    const signature = sign(isBadlySigned ? `not ${secret}` : secret, {
      timestamp: String(timestamp),
      method: 'POST',
      path,
      body: data,
    });
    const head = { apiKey: tenant.apiKey, timestamp, signature, eventId, eventType, eventVersion: 'v3' };
    return `${JSON.stringify(head).slice(0, -1)},"data":${data}}`;
  }
}

/** What is kept of an attempt. The text of a good answer is not. */
function attemptOf(
  url: string,
  { tenant, isBadlySigned }: WebhookDelivery,
  outcome: PostOutcome,
): Omit<WebhookAttempt, 'at'> {
  if ('status' in outcome && outcome.status === 200) return { status: 200 };
  const explanation = isBadlySigned
    ? 'A fault has made the signature wrong, so the receiver is right to refuse it.'
    : explainAttempt(url, tenant.apiKey, outcome);
  const answer = 'status' in outcome ? { status: outcome.status, answer: outcome.body.slice(0, MAX_ANSWER) } : outcome;
  return { ...answer, ...(explanation !== undefined && { explanation }) };
}
