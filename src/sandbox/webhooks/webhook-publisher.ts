import type { FaultInjector } from '../faults/fault-injector.js';
import type { WebhookFault } from '../faults/fault-rule.js';
import { magicWebhookFaults } from '../faults/magic-values.js';
import { milliseconds } from '../clock/duration.js';
import { realPause } from '../clock/real-pause.js';
import { tenantOf, type SandboxEvent } from '../simulation/sandbox-event.js';
import type { Tenant } from '../state/tenant.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import type { Wallets } from '../state/wallets.js';
import type { WebhookDelivery } from './webhook-delivery.js';
import { webhookData } from './webhook-data.js';
import type { WebhookSender } from './webhook-sender.js';

/** How long an event that a fault holds back waits for another one to overtake it. */
const MAX_HOLD_MS = 60_000;

/** An event that is to be sent. */
interface Draft {
  readonly eventId: string;
  readonly tenant: Tenant;
  readonly eventType: string;
  readonly orderId: string | undefined;
  readonly data: string;
  readonly magic: readonly string[];
  /** Unix ms. */
  readonly occurredAt: number;
}

/** Tells registered URLs what has happened, but for the faults that strike. */
export class WebhookPublisher {
  /** What has happened during a call, and waits for its answer. */
  #held: Draft[] | undefined;
  #trimAbove = 0;
  /** The latest order that got a driver, and the id of the event that said so. */
  #match: { readonly orderId: string; readonly eventId: string } | undefined;

  constructor(
    private readonly world: SandboxWorld,
    private readonly wallets: Wallets,
    private readonly faults: FaultInjector,
    private readonly sender: WebhookSender,
  ) {
    world.onEvent((sandboxEvent) => {
      this.#onSandboxEvent(sandboxEvent);
    });
  }

  /**
   * Does a call's work, and holds back what it causes until the returned functions let it go: `early` before the call's answer (it is waited for,
   * but not for long, since the receiver may be waiting for that answer), `late` after it.
   *
   * @param isEarly whether all that it causes is sent before the answer
   */
  during<T>(work: () => T, isEarly: boolean): { result: T; early: () => Promise<void>; late: () => void } {
    const held: Draft[] = [];
    this.#held = held;
    let result: T;
    try {
      result = work();
    } finally {
      this.#held = undefined;
    }
    const struck = held.map((draft) => ({ draft, faults: this.#faultsOf(draft) }));
    const isFirst = ({ faults }: (typeof struck)[number]): boolean =>
      isEarly || faults.some(({ webhook }) => webhook === 'early');
    // All of them take their place in the line now, so that nothing that happens later overtakes them.
    let late: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (late = resolve));
    const posts = struck.filter(isFirst).map((each) => this.#send(each.draft, each.faults));
    for (const each of struck) if (!isFirst(each)) void this.#send(each.draft, each.faults, answered);
    const early = async (): Promise<void> => {
      if (posts.length > 0)
        await Promise.race([Promise.all(posts), realPause(this.world.settings.webhooks.earlyWaitMs)]);
    };
    return { result, early, late };
  }

  /**
   * Sends an event of any kind and content, for receivers that have to bear what is newer than they are.
   *
   * @throws RangeError where there is no URL to send it to
   */
  send(tenant: Tenant, eventType: string, data: unknown): void {
    this.#requireUrl(tenant);
    const occurredAt = this.world.clock.now();
    const eventId = this.#newId();
    const draft = { eventId, tenant, eventType, orderId: undefined, data: JSON.stringify(data), magic: [], occurredAt };
    void this.#send(draft, this.#faultsOf(draft));
  }

  /**
   * Sends an event again, or both of them that have this id.
   *
   * @throws RangeError for an event that the sandbox does not know
   */
  resend(eventId: string): void {
    const found = [...this.world.state.deliveries.values()].filter((delivery) => delivery.eventId === eventId);
    if (found.length === 0) throw new RangeError(`The sandbox has sent no event ${eventId}.`);
    for (const { tenant } of found) this.#requireUrl(tenant);
    for (const delivery of found) void this.sender.send(delivery);
  }

  #requireUrl(tenant: Tenant): void {
    if (this.sender.registration(tenant)) return;
    throw new RangeError(`The account ${tenant.apiKey} has no webhook URL in ${tenant.market}, or has lost it.`);
  }

  #onSandboxEvent(sandboxEvent: SandboxEvent): void {
    const tenant = tenantOf(sandboxEvent);
    if (!this.sender.registration(tenant)) return;
    const entry = 'entry' in sandboxEvent ? sandboxEvent.entry : undefined;
    const draft: Draft = {
      eventId: this.#idOf(sandboxEvent),
      tenant,
      eventType: sandboxEvent.type,
      orderId: entry?.order.orderId,
      data: JSON.stringify(webhookData(sandboxEvent, this.world, this.wallets)),
      magic: entry?.magic ?? [],
      occurredAt: this.world.clock.now(),
    };
    if (this.#held) this.#held.push(draft);
    else void this.#send(draft, this.#faultsOf(draft));
  }

  /** A match has one id for both of its events, as it was seen. */
  #idOf(sandboxEvent: SandboxEvent): string {
    const { type } = sandboxEvent;
    if (type !== 'ORDER_STATUS_CHANGED' && type !== 'DRIVER_ASSIGNED') return this.#newId();
    const { orderId, status } = sandboxEvent.entry.order;
    if (type === 'DRIVER_ASSIGNED' && this.#match?.orderId === orderId) return this.#match.eventId;
    const eventId = this.#newId();
    this.#match = status === 'ON_GOING' ? { orderId, eventId } : undefined;
    return eventId;
  }

  #newId(): string {
    return this.world.random.uuid('webhooks').toUpperCase();
  }

  #faultsOf({ eventType, orderId, magic }: Draft): WebhookFault[] {
    return [...magicWebhookFaults(magic), ...this.faults.takeWebhookFaults(eventType, orderId)];
  }

  /** Sends an event, or does to it what the faults say; resolves when what is sent now has been. */
  async #send(
    { eventId, tenant, eventType, orderId, data, occurredAt }: Draft,
    faults: readonly WebhookFault[],
    answered?: Promise<void>,
  ): Promise<void> {
    const registration = this.sender.registration(tenant);
    if (!registration) return;
    const fault = (kind: WebhookFault['webhook']): WebhookFault | undefined =>
      faults.find(({ webhook }) => webhook === kind);
    const delivery: WebhookDelivery = {
      key: `${eventId} ${eventType}`,
      eventId,
      eventType,
      tenant,
      orderId,
      data,
      occurredAt,
      state: fault('lost') ? 'lost' : 'pending',
      isBadlySigned: fault('badly-signed') !== undefined,
      isDoubled: fault('doubled') !== undefined,
      begun: 0,
      retries: 0,
      attempts: [],
    };
    this.#remember(delivery);
    if (delivery.state === 'lost') return;
    if (fault('reordered') && registration.heldBack === undefined) {
      registration.heldBack = delivery.key;
      this.sender.sendLater(delivery, MAX_HOLD_MS);
      return;
    }
    const delayed = fault('delayed');
    const posts: Promise<void>[] = [];
    if (delayed) this.sender.sendLater(delivery, milliseconds(delayed.delay ?? '10m'));
    else posts.push(this.sender.send(delivery, answered));
    const heldBack = this.world.state.deliveries.get(registration.heldBack ?? '');
    registration.heldBack = undefined;
    if (heldBack?.begun === 0) posts.push(this.sender.send(heldBack, answered));
    await Promise.all(posts);
  }

  /** Keeps an event; of those that are over, the latest alone. */
  #remember(delivery: WebhookDelivery): void {
    const { deliveries } = this.world.state;
    const { historyLimit } = this.world.settings;
    deliveries.set(delivery.key, delivery);
    if (deliveries.size <= Math.max(historyLimit * 1.25, this.#trimAbove)) return;
    for (const [key, { state }] of deliveries) {
      if (deliveries.size <= historyLimit) break;
      if (state !== 'pending') deliveries.delete(key);
    }
    // What is pending stays: to look for it again at every event would take longer and longer.
    this.#trimAbove = deliveries.size * 1.25;
  }
}
