import { sign } from '../../client/signature.js';
import type { FaultBox } from '../faults/fault-box.js';
import type { WebhookFault } from '../faults/fault-rule.js';
import { magicWebhookFaults } from '../faults/magic-values.js';
import { milliseconds } from '../time/duration.js';
import { tenantOf, type Happening } from '../world/happening.js';
import { tenantKey, type Tenant } from '../world/sandbox-state.js';
import type { SandboxWorld } from '../world/sandbox-world.js';
import type { Wallets } from '../world/wallets.js';
import type { WebhookDelivery, WebhookRegistration } from './webhook-delivery.js';
import { webhookData } from './webhook-forms.js';
import { post } from './webhook-post.js';

/** How long an event that a fault holds back waits for another one to overtake it. */
const LONGEST_HOLD_MS = 60_000;

/** An event that is to be sent. */
interface Draft {
  readonly tenant: Tenant;
  readonly eventType: string;
  readonly orderId: string | undefined;
  readonly data: string;
  readonly magic: readonly string[];
}

/** Tells registered URLs what has happened: signed, in order, with retries until Lalamove would give up. */
export class WebhookSender {
  /** The end of what is being sent to each URL: one post after the other. */
  readonly #lines = new Map<string, Promise<void>>();
  readonly #stopped = new AbortController();
  /** What has happened during a call, and waits for its answer. */
  #held: Draft[] | undefined;

  constructor(
    private readonly world: SandboxWorld,
    private readonly wallets: Wallets,
    private readonly faults: FaultBox,
  ) {
    world.onHappening((happening) => {
      this.#hear(happening);
    });
  }

  /** Whether a URL answers an empty `POST` with 200. */
  async probe(url: string): Promise<boolean> {
    const outcome = await post(url, '', this.world.settings.webhooks.timeoutMs, this.#stopped.signal);
    return 'status' in outcome && outcome.status === 200;
  }

  /**
   * Does a call's work, and holds back what it causes until the returned functions let it go: `early` before the call's answer (it is waited for,
   * but not for long, since the receiver may be waiting for that answer), `late` after it.
   */
  during<T>(
    work: () => T,
    isEarly: (eventType: string) => boolean,
  ): { result: T; early: () => Promise<void>; late: () => void } {
    const held: Draft[] = [];
    this.#held = held;
    let result: T;
    try {
      result = work();
    } finally {
      this.#held = undefined;
    }
    const sent = held.map((draft) => ({ draft, faults: this.#faultsOf(draft) }));
    const isFirst = ({ draft, faults }: (typeof sent)[number]): boolean =>
      isEarly(draft.eventType) || faults.some(({ webhook }) => webhook === 'early');
    const early = async (): Promise<void> => {
      const first = sent.filter(isFirst);
      for (const { draft, faults } of first) this.#send(draft, faults);
      if (first.length > 0) await Promise.race([this.idle(), pause(this.world.settings.webhooks.earlyWaitMs)]);
    };
    const late = (): void => {
      for (const each of sent) if (!isFirst(each)) this.#send(each.draft, each.faults);
    };
    return { result, early, late };
  }

  /** Sends an event of any kind and content, for receivers that have to bear what is newer than they are. */
  send(tenant: Tenant, eventType: string, data: unknown): void {
    const draft = { tenant, eventType, orderId: undefined, data: JSON.stringify(data), magic: [] };
    this.#send(draft, this.#faultsOf(draft));
  }

  /**
   * Sends an event again, as it was.
   *
   * @throws RangeError for an event that the sandbox does not know
   */
  resend(eventId: string): void {
    const delivery = this.world.state.deliveries.get(eventId);
    if (!delivery) throw new RangeError(`The sandbox has sent no event ${eventId}.`);
    this.#enqueue(delivery);
  }

  /** Makes an attempt that has fallen due: a retry, or what a fault had put off. */
  attempt(eventId: string, attempt: number): void {
    const delivery = this.world.state.deliveries.get(eventId);
    if (delivery?.begun === attempt - 1 && delivery.state === 'pending') this.#enqueue(delivery);
  }

  /** Resolves when nothing is being sent; what waits for its time does not count. */
  async idle(): Promise<void> {
    while (this.#lines.size > 0) await Promise.all(this.#lines.values());
  }

  stop(): void {
    this.#stopped.abort();
  }

  #hear(happening: Happening): void {
    const tenant = tenantOf(happening);
    if (!this.#registration(tenant)) return;
    const entry = 'entry' in happening ? happening.entry : undefined;
    const draft: Draft = {
      tenant,
      eventType: happening.type,
      orderId: entry?.order.orderId,
      data: JSON.stringify(webhookData(happening, this.world, this.wallets)),
      magic: entry?.magic ?? [],
    };
    if (this.#held) this.#held.push(draft);
    else this.#send(draft, this.#faultsOf(draft));
  }

  /** Where a tenant's events go; none where it has no URL, or has lost it. */
  #registration(tenant: Tenant): WebhookRegistration | undefined {
    const registration = this.world.state.registrations.get(tenantKey(tenant));
    return registration?.isDisabled === false ? registration : undefined;
  }

  #faultsOf({ eventType, orderId, magic }: Draft): WebhookFault[] {
    return [...magicWebhookFaults(magic), ...this.faults.strikeWebhook(eventType, orderId)];
  }

  #send({ tenant, eventType, orderId, data }: Draft, faults: readonly WebhookFault[]): void {
    const registration = this.#registration(tenant);
    if (!registration) return;
    const fault = (kind: WebhookFault['webhook']): WebhookFault | undefined =>
      faults.find(({ webhook }) => webhook === kind);
    const delivery: WebhookDelivery = {
      eventId: this.world.random.uuid('webhooks').toUpperCase(),
      eventType,
      tenant,
      orderId,
      data,
      occurredAt: this.world.clock.now(),
      state: fault('lost') ? 'lost' : 'pending',
      isBadlySigned: fault('badly-signed') !== undefined,
      begun: 0,
      attempts: [],
    };
    this.#remember(delivery);
    if (delivery.state === 'lost') return;
    const delayed = fault('delayed');
    if (delayed) this.#later(delivery, milliseconds(delayed.delay ?? '10m'));
    else if (fault('reordered') && registration.heldBack === undefined) {
      registration.heldBack = delivery.eventId;
      this.#later(delivery, LONGEST_HOLD_MS);
      return;
    } else this.#enqueue(delivery);
    if (fault('doubled')) this.#enqueue(delivery);
    const heldBack = this.world.state.deliveries.get(registration.heldBack ?? '');
    registration.heldBack = undefined;
    if (heldBack?.begun === 0) this.#enqueue(heldBack);
  }

  #remember(delivery: WebhookDelivery): void {
    const { deliveries } = this.world.state;
    const { historyLimit } = this.world.settings;
    deliveries.set(delivery.eventId, delivery);
    if (deliveries.size <= historyLimit * 1.25) return;
    for (const [eventId, { state }] of deliveries) {
      if (deliveries.size <= historyLimit) break;
      if (state !== 'pending') deliveries.delete(eventId);
    }
  }

  #later(delivery: WebhookDelivery, pauseMs: number): void {
    const at = this.world.clock.now() + pauseMs;
    this.world.agenda.add({ at, kind: 'webhook', eventId: delivery.eventId, attempt: delivery.begun + 1 });
  }

  #enqueue(delivery: WebhookDelivery): void {
    delivery.begun += 1;
    const key = tenantKey(delivery.tenant);
    const line = (this.#lines.get(key) ?? Promise.resolve()).then(() => this.#post(delivery));
    this.#lines.set(key, line);
    void line.then(() => {
      if (this.#lines.get(key) === line) this.#lines.delete(key);
    });
  }

  async #post(delivery: WebhookDelivery): Promise<void> {
    const registration = this.#registration(delivery.tenant);
    if (!registration || this.#stopped.signal.aborted) {
      if (delivery.state === 'pending') delivery.state = 'abandoned';
      return;
    }
    const { url } = registration;
    const at = this.world.clock.now();
    const body = this.#written(delivery, url, at);
    const outcome = await post(url, body, this.world.settings.webhooks.timeoutMs, this.#stopped.signal);
    delivery.attempts.push({ at, ...outcome });
    this.world.log.add({
      kind: 'webhook',
      eventId: delivery.eventId,
      type: delivery.eventType,
      url,
      attempt: delivery.attempts.length,
      outcome: 'status' in outcome ? String(outcome.status) : outcome.error,
    });
    if ('status' in outcome && outcome.status === 200) delivery.state = 'delivered';
    else if (delivery.state === 'pending' && delivery.attempts.length === delivery.begun)
      this.#retry(delivery, registration);
  }

  #retry(delivery: WebhookDelivery, registration: WebhookRegistration): void {
    const wait = this.world.settings.webhooks.retryPausesMs[delivery.attempts.length - 1];
    if (wait !== undefined) {
      this.#later(delivery, wait);
      return;
    }
    delivery.state = 'abandoned';
    registration.isDisabled = true;
    const { url, tenant } = registration;
    this.world.log.add({ kind: 'url-disabled', url, market: tenant.market });
  }

  /** The body as it travels; what is signed stands in it word for word. */
  #written(
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
