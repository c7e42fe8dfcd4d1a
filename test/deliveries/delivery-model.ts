import {
  canceled,
  cancelAsked,
  cancelRefused,
  cancellationSettled,
  cancelSent,
} from '../../src/deliveries/domain/cancellation.js';
import { adopted, activeOrder } from '../../src/deliveries/domain/adoption.js';
import type { Action } from '../../src/deliveries/domain/decide.js';
import {
  isTerminal,
  newProgress,
  type DeliveryAttempt,
  type DeliverySnapshot,
} from '../../src/deliveries/domain/delivery-progress.js';
import type { DeliveryPolicy } from '../../src/deliveries/domain/delivery-policy.js';
import {
  duplicateChanged,
  duplicateHeldUp,
  duplicateRefused,
  duplicateOf,
  unreadHeldUp,
  unreadRead,
} from '../../src/deliveries/domain/duplicates.js';
import { resolvedByCorrecting } from '../../src/deliveries/domain/resolution.js';
import type { Transition, Snapshot } from '../../src/deliveries/domain/transition.js';
import {
  abandoned,
  driverChangeAsked,
  failed,
  feeRaised,
  feeStepOver,
  gaveUp,
  heldUp,
  needsRead,
  lostSight,
  placed,
  quoted,
  rebooked,
  refused,
  reserved,
} from '../../src/deliveries/domain/transitions.js';
import {
  namedAgain,
  readAfterEnd,
  replacedAny,
  statusUpdated,
  type OrderReading,
} from '../../src/deliveries/domain/order-updates.js';
import { BrokenInvariant } from './broken-invariant.js';
import { LIVE, type ModelEvent, type ModelLalamove, type ModelOrder } from './model-lalamove.js';

const MINUTE_MS = 60_000;

/** What happens to the POST of an order. */
export type Posting =
  'answered' | 'refused' | 'too dear' | 'lost, placed' | 'lost, never placed' | 'lost, placed later';

/** What happens during one step of the work. */
export interface StepChoice {
  readonly posting: Posting;
  readonly crash: 'none' | 'after the reservation' | 'after the POST';
  /** Whether the answer to any other call is lost. */
  readonly isLost: boolean;
  /** What happens during the call; its events arrive too. `'events arrive'`: only the queued events arrive. */
  readonly meanwhile: 'nothing' | 'events arrive' | 'COMPLETED' | 'CANCELED' | 'ON_GOING' | 'replaced' | 'cancel asked';
}

/** The choice in which nothing fails. */
export const FAIR: StepChoice = { posting: 'answered', crash: 'none', isLost: false, meanwhile: 'nothing' };

/** The parts of the machine. A test can replace one by a broken part. */
export interface MachineRules {
  readonly decide: (snapshot: DeliverySnapshot, policy: DeliveryPolicy, now: number) => Action;
  readonly readAs: (
    snapshot: Snapshot,
    reading: OrderReading,
    statusAtBefore: number,
    policy: DeliveryPolicy,
    now: number,
  ) => Transition;
  readonly isCorrectable: (snapshot: Snapshot, now: number) => boolean;
  /** Whether a decision is dropped if the delivery has changed since. */
  readonly isFenced: boolean;
}

interface AttemptRow {
  readonly id: string;
  outcome: string;
  orderId: string | undefined;
}

/**
 * One delivery, changed like the worker and the inbox change it, but without a database. Each commit is checked against
 * the invariants.
 */
export class ModelDelivery {
  snapshot: Snapshot;
  wasCompleted = false;
  readonly #rows: AttemptRow[] = [];
  readonly #posted = new Set<string>();
  readonly #readOrders = new Set<string>();
  #waiting: ModelEvent[] = [];
  #version = 0;
  #ids = 0;

  constructor(
    readonly lalamove: ModelLalamove,
    readonly policy: DeliveryPolicy,
    private readonly rules: MachineRules,
  ) {
    this.snapshot = { state: 'requested', progress: newProgress(lalamove.now, undefined) };
  }

  get next(): Action {
    const waiting = this.#waiting.map(({ orderId }) => orderId);
    const unmatched = [...new Set(waiting)].filter((orderId) => !this.#readOrders.has(orderId));
    return this.rules.decide({ ...this.snapshot, scheduleAt: undefined, unmatched }, this.policy, this.lalamove.now);
  }

  /** Delivers an event. With `again` it stays in the queue and arrives again later. */
  deliver(event: ModelEvent, again: boolean): void {
    if (!again) this.lalamove.unsent.splice(this.lalamove.unsent.indexOf(event), 1);
    if (!this.#applied(event)) this.#waiting.push(event);
  }

  deliverAll(): void {
    for (const event of [...this.lalamove.unsent]) this.deliver(event, false);
    this.sweep();
  }

  /** Applies the events that wait for their order to be known. */
  sweep(): void {
    this.#waiting = this.#waiting.filter((event) => !this.#applied(event));
  }

  askCancel(): void {
    this.#commit(cancelAsked(this.snapshot, this.lalamove.now));
  }

  /** The orders that the delivery knows as its own. */
  get knownOrders(): readonly ModelOrder[] {
    return this.lalamove.orders.filter(({ id }) => this.#isKnown(id));
  }

  /** The ids of the known orders that are live. */
  get knownAlive(): readonly string[] {
    return this.knownOrders.filter(({ status }) => LIVE.has(status)).map(({ id }) => id);
  }

  /** A person looks at Lalamove and resolves the delivery. */
  resolve(): void {
    if (this.snapshot.state !== 'needs_attention') return;
    const [live] = this.lalamove.live;
    const { attempt: known } = this.snapshot.progress;
    if (!live) {
      // `resolve` refuses this too while an order may be active.
      if (activeOrder(this.snapshot.progress)) return;
      const alone = { ...this.snapshot.progress, duplicates: undefined };
      this.#commit(abandoned({ ...this.snapshot, progress: alone }, 'RESOLVED'));
      return;
    }
    if (duplicateOf(this.snapshot, live.id)) {
      this.#commit(adopted(this.snapshot, live.id));
      return;
    }
    const attempt: DeliveryAttempt = known
      ? { ...known, outcome: 'unknown' }
      : { id: this.#id(), number: 1, quotationId: '', quotationExpiresAt: 0, outcome: 'unknown', reservedAt: 0 };
    const progress = { ...this.snapshot.progress, order: undefined, replacement: undefined, attempt };
    this.#commit(placed({ ...this.snapshot, progress }, attempt.id, { orderId: live.id }, this.lalamove.now));
    this.#commit(needsRead(this.snapshot));
  }

  /** A person corrects the request, without a look at Lalamove. */
  correct(): void {
    const { now } = this.lalamove;
    if (!this.rules.isCorrectable(this.snapshot, now)) return;
    if (this.lalamove.live.length > 0) throw new BrokenInvariant('The request is corrected while an order is live.');
    if (this.lalamove.delayed.length > 0) {
      throw new BrokenInvariant('The request is corrected while an order of it may still be placed.');
    }
    this.#commit(resolvedByCorrecting(this.snapshot, { fields: [], by: undefined, hashes: [this.#id()] }, now));
  }

  /** Carries out one action of the worker. */
  step(choice: StepChoice): void {
    const action = this.next;
    const { lalamove } = this;
    const overtake = (): void => {
      this.#meanwhile(choice);
    };
    switch (action.do) {
      case 'rest':
      case 'wait':
        return;
      case 'doubt':
      case 'abandon':
      case 'drop':
      case 'rebook':
      case 'adopt-duplicate':
      case 'settle-cancellation':
      case 'fail':
      case 'give-up':
      case 'skip-fee': {
        const version = this.#version;
        overtake();
        if (this.rules.isFenced && this.#version !== version) return;
        this.#commit(settled(action, this.snapshot));
        return;
      }
      case 'book':
        this.#book(choice);
        return;
      case 'raise-fee':
        this.#commit(needsRead(feeStepOver(this.snapshot, action.step)));
        if (!choice.isLost) this.#commit(feeRaised(this.snapshot, action.orderId, action.priorityFee));
        return;
      case 'change-driver':
        this.#commit(driverChangeAsked(this.snapshot, action.orderId, action.driverId));
        return;
      default:
    }
    if (choice.isLost) {
      overtake();
      this.#commit(notAnswered(action, this.snapshot, lalamove.now + 5000));
      return;
    }
    switch (action.do) {
      case 'quote': {
        const quotationId = `quotation ${this.#id()}`;
        const expiresAt = lalamove.now + 5 * MINUTE_MS;
        overtake();
        this.#commit(quoted(this.snapshot, { quotationId, expiresAt, total: '10', currency: 'HKD', stopIds: [] }));
        return;
      }
      case 'identify': {
        const order = this.#order(action.orderId);
        this.#readOrders.add(order.id);
        this.#identified(order);
        this.#commit(unreadRead(this.snapshot, order.id));
        return;
      }
      case 'read':
      case 'read-duplicate':
        this.#read(action.orderId, overtake);
        return;
      case 'cancel':
      case 'cancel-duplicate':
        this.#cancel(action, overtake);
        return;
    }
  }

  #identified(order: ModelOrder): void {
    const { now } = this.lalamove;
    const row = this.#rows.find(({ id }) => id === order.attemptId);
    if (!row) return;
    if (row.orderId !== undefined && row.orderId !== order.id) {
      this.#commit(namedAgain(this.snapshot, { prevOrderId: row.orderId, orderId: order.id }, -1, now));
      return;
    }
    this.#commit(placed(this.snapshot, row.id, { orderId: order.id }, now));
    this.#commit(needsRead(this.snapshot));
  }

  #read(orderId: string, overtake: () => void): void {
    const { status } = this.#order(orderId);
    const { order: live } = this.snapshot.progress;
    const wasCanceled = this.snapshot.state === 'canceled';
    const statusAtBefore =
      (live?.orderId === orderId ? live : duplicateOf(this.snapshot, orderId)?.order)?.statusAt ?? 0;
    overtake();
    const reading = {
      ...{ orderId, status, driverId: status === 'ASSIGNING_DRIVER' ? '' : '7' },
      ...{ total: '10', priorityFee: '', currency: 'HKD', shareLink: '' },
    };
    if (wasCanceled && live?.orderId === orderId) {
      this.#commit(readAfterEnd(this.snapshot, reading, this.policy, this.lalamove.now));
      return;
    }
    this.#commitOf(orderId, (alone) =>
      this.rules.readAs(alone, reading, statusAtBefore, this.policy, this.lalamove.now),
    );
  }

  /** Commits a change of the live order or of a duplicate. */
  #commitOf(orderId: string, change: (alone: Snapshot) => Transition): void {
    const isLive = this.snapshot.progress.order?.orderId === orderId;
    this.#commit(isLive ? change(this.snapshot) : duplicateChanged(this.snapshot, orderId, change));
  }

  #meanwhile({ meanwhile }: StepChoice): void {
    if (meanwhile === 'nothing') return;
    // An order that has ended without a driver can be replaced too, as long as the delivery was not booked again.
    const [order] = [...this.lalamove.live, ...this.lalamove.orders.filter(({ id }) => id === this.#liveId)];
    if (meanwhile === 'cancel asked') this.askCancel();
    else if (order && meanwhile === 'replaced') this.lalamove.replace(order);
    else if (order && LIVE.has(order.status) && meanwhile !== 'events arrive') {
      this.lalamove.move(order, meanwhile, meanwhile === 'CANCELED' ? 'USER' : undefined);
    }
    this.deliverAll();
  }

  get #liveId(): string | undefined {
    return this.snapshot.progress.order?.orderId;
  }

  #book(choice: StepChoice): void {
    const { lalamove } = this;
    const { posting, crash } = choice;
    const { quotation, attempt: last } = this.snapshot.progress;
    if (!quotation) throw new BrokenInvariant('It books without a quotation.');
    const attempt: DeliveryAttempt = {
      ...{ id: this.#id(), number: (last?.number ?? 0) + 1, quotationId: quotation.quotationId },
      ...{ quotationExpiresAt: quotation.expiresAt, outcome: 'reserved', reservedAt: lalamove.now },
    };
    // A crash left the attempt reserved. To book now would be to post it a second time.
    const isAgain = last?.outcome === 'reserved' && last.quotationId === quotation.quotationId;
    if (isAgain) throw new BrokenInvariant('A quotation is posted that may have been posted before.');
    this.#rows.push({ id: attempt.id, outcome: 'reserved', orderId: undefined });
    this.#commit(reserved(this.snapshot, attempt));
    if (crash === 'after the reservation') return;
    if (this.knownAlive.length > 0) {
      throw new BrokenInvariant(`It books while its order ${this.knownAlive.join(', ')} is live.`);
    }
    if (this.#posted.has(attempt.id)) throw new BrokenInvariant('An attempt is posted twice.');
    this.#posted.add(attempt.id);
    const isPlaced = posting === 'answered' || posting === 'lost, placed';
    const order = isPlaced ? lalamove.place(attempt.id) : undefined;
    if (posting === 'lost, placed later') {
      lalamove.delayed.push({ attemptId: attempt.id, until: attempt.quotationExpiresAt });
    }
    this.#meanwhile(choice);
    if (crash === 'after the POST') return;
    if (posting === 'answered' && order) {
      this.#commit(placed(this.snapshot, attempt.id, { orderId: order.id }, lalamove.now));
    } else if (posting === 'refused' || posting === 'too dear') {
      const back = refused(this.snapshot, attempt.id);
      const end =
        posting === 'refused' ? heldUp(back, lalamove.now + 5000) : gaveUp(back, { code: '402', message: '!' });
      this.#commit({ ...end, attempts: back.attempts ?? [] });
    } else if (this.snapshot.progress.attempt?.id === attempt.id) this.#commit(lostSight(this.snapshot));
  }

  #cancel({ orderId }: Extract<Action, { do: 'cancel' | 'cancel-duplicate' }>, overtake: () => void): void {
    const order = this.#order(orderId);
    const isRefused = this.lalamove.forbidsCancelling || order.status === 'PICKED_UP' || order.status === 'COMPLETED';
    // Committed before the call, so that its webhook is recognized as our own cancellation.
    this.#commitOf(orderId, (alone) => cancelSent(alone, orderId));
    if (LIVE.has(order.status) && !isRefused) this.lalamove.move(order, 'CANCELED', 'USER');
    overtake();
    if (!isRefused) this.#commitOf(orderId, canceled);
    else if (this.snapshot.progress.order?.orderId === orderId) {
      this.#commit(cancelRefused(this.snapshot, orderId, 'ERR'));
    } else this.#commit(duplicateRefused(this.snapshot, orderId, 'ERR'));
  }

  /** Applies an event like the inbox. Returns whether it was applied. */
  #applied(event: ModelEvent): boolean {
    const { now } = this.lalamove;
    const about = event.type === 'ORDER_REPLACED' ? event.prevOrderId : event.orderId;
    const row =
      this.#rows.find(({ orderId }) => orderId === about) ?? this.#rows.find(({ id }) => id === event.attemptId);
    if (!row) return false;
    if (row.orderId === undefined) this.#commit(placed(this.snapshot, row.id, { orderId: about }, now));
    else if (row.orderId !== about) {
      this.#commit(namedAgain(this.snapshot, { prevOrderId: row.orderId, orderId: about }, now, now));
      if (!this.#isKnown(about)) return false;
    }
    const isKnownClone = event.type === 'ORDER_REPLACED' && this.#isKnown(event.orderId);
    if (!isKnownClone || this.#isTracked(about)) this.#commit(this.#transition(event, about));
    return true;
  }

  #isKnown(id: string): boolean {
    return this.#rows.some(({ orderId }) => orderId === id);
  }

  #isTracked(orderId: string): boolean {
    return this.snapshot.progress.order?.orderId === orderId || duplicateOf(this.snapshot, orderId) !== undefined;
  }

  #transition({ type, orderId, prevOrderId, status, cancelParty, signedAt }: ModelEvent, about: string): Transition {
    const { now } = this.lalamove;
    if (type === 'ORDER_REPLACED') return replacedAny(this.snapshot, { prevOrderId, orderId }, now);
    const driverId = status === 'ASSIGNING_DRIVER' ? '' : '7';
    const update = (alone: Snapshot): Transition =>
      statusUpdated(alone, { status, driverId, cancelParty }, signedAt, this.policy, now);
    if (this.snapshot.progress.order?.orderId === about) return update(this.snapshot);
    return duplicateChanged(this.snapshot, about, update);
  }

  #commit({ state, progress, events, attempts = [], clone }: Transition): void {
    const before = this.snapshot;
    const isReplacement = events.some(
      ({ type }) => type === 'replaced' || type === 'duplicate_adopted' || type === 'cancel_refused',
    );
    if (before.state === 'canceled' && state !== 'canceled' && events.some(({ type }) => type === 'cancel_refused')) {
      const alive = this.lalamove.orders.find(({ id }) => id === progress.order?.orderId);
      if (alive?.status === 'CANCELED')
        throw new BrokenInvariant('The delivery goes on with an order that is canceled.');
    }
    if (isTerminal(before.state) && state !== before.state && !isReplacement) {
      throw new BrokenInvariant(`It changes from ${before.state} to ${state} without a replacement.`);
    }
    const { reason } = progress;
    if ((state === 'needs_attention' || state === 'failed') && (!reason?.code || !reason.message)) {
      throw new BrokenInvariant(`It is ${state} without a reason.`);
    }
    if (state !== 'needs_attention' && state !== 'failed' && reason) {
      throw new BrokenInvariant(`It is ${state} and still has a reason.`);
    }
    // The progress is serialized and parsed, as by the database.
    this.snapshot = { state, progress: JSON.parse(JSON.stringify(progress)) as Snapshot['progress'] };
    this.#version += 1;
    this.wasCompleted ||= state === 'completed';
    for (const { id, outcome, orderId } of attempts) {
      const row = this.#rows.find((known) => known.id === id);
      if (!row) continue;
      row.outcome = outcome;
      row.orderId = orderId ?? row.orderId;
    }
    if (clone && !this.#isKnown(clone.orderId)) {
      this.#rows.push({ id: this.#id(), outcome: 'placed', orderId: clone.orderId });
    }
    this.#checkEnd(before.state);
    const known = ordersOf(before);
    if (ordersOf(this.snapshot).some((orderId) => !known.includes(orderId))) this.sweep();
  }

  /** A delivery must not become canceled or failed while it has a duplicate order. */
  #checkEnd(before: Snapshot['state']): void {
    const { state, progress } = this.snapshot;
    const isEnd = (state === 'canceled' || state === 'failed') && state !== before;
    if (isEnd && (progress.duplicates?.length ?? 0) > 0)
      throw new BrokenInvariant(`It is ${state} with a duplicate order.`);
  }

  #order(orderId: string): ModelOrder {
    const order = this.lalamove.orders.find(({ id }) => id === orderId);
    if (!order) throw new BrokenInvariant(`There is no order ${orderId}.`);
    return order;
  }

  #id(): string {
    this.#ids += 1;
    return `${this.#ids}`;
  }
}

/** The orders that a delivery tracks. */
function ordersOf({ progress: { order, duplicates = [] } }: Snapshot): string[] {
  return [...(order ? [order] : []), ...duplicates.map((duplicate) => duplicate.order)].map(({ orderId }) => orderId);
}

/** The transition if the answer to a call is lost: the call is repeated later. */
function notAnswered(action: Action, snapshot: Snapshot, retryAt: number): Transition {
  switch (action.do) {
    case 'identify':
      return unreadHeldUp(snapshot, action.orderId, retryAt);
    case 'cancel-duplicate':
    case 'read-duplicate':
      return duplicateHeldUp(snapshot, action.orderId, retryAt);
    default:
      return heldUp(snapshot, retryAt);
  }
}

/** The transition of an action that needs no call. */
function settled(action: Action, snapshot: Snapshot): Transition {
  switch (action.do) {
    case 'doubt':
      return lostSight(snapshot);
    case 'abandon':
      return abandoned(snapshot, 'OUTCOME_UNKNOWN');
    case 'drop':
      return canceled(snapshot);
    case 'rebook':
      return rebooked(snapshot);
    case 'adopt-duplicate':
      return adopted(snapshot, action.orderId);
    case 'settle-cancellation':
      return cancellationSettled(snapshot);
    case 'fail':
      return failed(snapshot, action.reason);
    case 'give-up':
      return gaveUp(snapshot, action.reason);
    case 'skip-fee':
      return feeStepOver(snapshot, action.step);
    default:
      throw new TypeError(`The action ${action.do} needs a call.`);
  }
}
