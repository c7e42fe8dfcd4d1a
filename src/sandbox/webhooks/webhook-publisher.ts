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

/** How long an event with the fault `reordered` waits for a later event, at most. */
const MAX_HOLD_MS = 60_000;

/** An event before the faults are applied. */
interface DraftEvent {
  readonly eventId: string;
  readonly tenant: Tenant;
  readonly eventType: string;
  readonly orderId: string | undefined;
  readonly data: string;
  readonly magic: readonly string[];
  /** Unix ms. */
  readonly occurredAt: number;
}

/** Sends the sandbox's events to the registered URLs, and applies faults. */
export class WebhookPublisher {
  /** The events of the current call, which wait for its answer. */
  #held: DraftEvent[] | undefined;
  #trimAbove = 0;
  /** The latest order with a driver, and the id of that event. */
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
   * Runs a call and holds back its events. `early` sends those that must arrive before the answer, and waits for them
   * only a limited time, because the receiver may itself wait for the answer. `late` sends the others after the answer.
   *
   * @param isEarly whether all events are sent before the answer
   */
  during<T>(work: () => T, isEarly: boolean): { result: T; early: () => Promise<void>; late: () => void } {
    const held: DraftEvent[] = [];
    this.#held = held;
    let result: T;
    try {
      result = work();
    } finally {
      this.#held = undefined;
    }
    const drafts = held.map((draft) => ({ draft, faults: this.#faultsOf(draft) }));
    const isFirst = ({ faults }: (typeof drafts)[number]): boolean =>
      isEarly || faults.some(({ webhook }) => webhook === 'early');
    // All events enter the queue now, so that later events do not overtake them.
    let late: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (late = resolve));
    const posts = drafts.filter(isFirst).map((each) => this.#send(each.draft, each.faults));
    for (const each of drafts) if (!isFirst(each)) void this.#send(each.draft, each.faults, answered);
    const early = async (): Promise<void> => {
      if (posts.length > 0)
        await Promise.race([Promise.all(posts), realPause(this.world.settings.webhooks.earlyWaitMs)]);
    };
    return { result, early, late };
  }

  /**
   * Sends an event of any type and content, to test how a receiver handles unknown events.
   *
   * @throws RangeError if the account has no URL
   */
  send(tenant: Tenant, eventType: string, data: unknown): void {
    this.#requireUrl(tenant);
    const occurredAt = this.world.clock.now();
    const eventId = this.#newId();
    const draft = { eventId, tenant, eventType, orderId: undefined, data: JSON.stringify(data), magic: [], occurredAt };
    void this.#send(draft, this.#faultsOf(draft));
  }

  /**
   * Sends all events with this id again.
   *
   * @throws RangeError if the sandbox does not know the event
   */
  resend(eventId: string): void {
    const found = [...this.world.state.deliveries.values()].filter((delivery) => delivery.eventId === eventId);
    if (found.length === 0) throw new RangeError(`The sandbox has sent no event ${eventId}.`);
    for (const { tenant } of found) this.#requireUrl(tenant);
    for (const delivery of found) void this.sender.send(delivery);
  }

  #requireUrl(tenant: Tenant): void {
    if (this.sender.registration(tenant)) return;
    throw new RangeError(`The account ${tenant.apiKey} has no webhook URL in ${tenant.market}: register one.`);
  }

  #onSandboxEvent(sandboxEvent: SandboxEvent): void {
    const tenant = tenantOf(sandboxEvent);
    if (!this.sender.registration(tenant)) return;
    const entry = 'entry' in sandboxEvent ? sandboxEvent.entry : undefined;
    const draft: DraftEvent = {
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

  /** The two events of a match with a driver have the same id (observed). */
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

  #faultsOf({ eventType, orderId, magic }: DraftEvent): WebhookFault[] {
    return [...magicWebhookFaults(magic), ...this.faults.takeWebhookFaults(eventType, orderId)];
  }

  /** Sends an event, or applies the faults to it. It resolves when everything that is sent now was sent. */
  async #send(
    { eventId, tenant, eventType, orderId, data, occurredAt }: DraftEvent,
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

  /** Keeps an event. The oldest finished events are removed if there are too many. */
  #remember(delivery: WebhookDelivery): void {
    const { deliveries } = this.world.state;
    const { historyLimit } = this.world.settings;
    deliveries.set(delivery.key, delivery);
    this.world.changes.touch('webhook', delivery.key);
    if (deliveries.size <= Math.max(historyLimit * 1.25, this.#trimAbove)) return;
    for (const [key, { state }] of deliveries) {
      if (deliveries.size <= historyLimit) break;
      if (state !== 'pending') deliveries.delete(key);
    }
    // Pending events stay. The limit grows with them, so that the search does not run for every event.
    this.#trimAbove = deliveries.size * 1.25;
  }
}
