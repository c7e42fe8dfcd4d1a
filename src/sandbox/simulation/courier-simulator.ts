import { moveTo, positionOf, travelTime } from '../state/couriers.js';
import { openStops, type OrderBook } from '../state/order-book.js';
import { parsePoint, type Point } from '../state/route.js';
import { LIVE_STATUSES } from '../../api/order-status.js';
import { type OrderEntry } from '../state/order-entry.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import { milliseconds } from '../clock/duration.js';
import { DRIVER_SCRIPTS, isDriverScriptName, stepsOf, type DriverScript, type DriverStep } from './driver-script.js';

/** The pause before a step that names none, in ms. The travel time to a stop is added. */
const PAUSES = {
  accept: 30_000,
  reject: 60_000,
  arrive: 0,
  'pick-up': 120_000,
  'set-off': 60_000,
  deliver: 60_000,
  fail: 60_000,
  complete: 30_000,
  cancel: 60_000,
  replace: 60_000,
} as const satisfies Record<DriverStep['do'], number>;

/** Carries out the scripts of couriers, step by step, by the clock. */
export class CourierSimulator {
  constructor(
    private readonly world: SandboxWorld,
    private readonly orders: OrderBook,
  ) {}

  /** Starts the script of an order: its own one, else the one that a magic value names, else the sandbox's. */
  begin(entry: OrderEntry): void {
    this.follow(entry, entry.script ?? entry.magic.find(isDriverScriptName) ?? this.world.state.script);
  }

  /** Replaces the steps that are still to come by another script. */
  follow(entry: OrderEntry, script: DriverScript): void {
    entry.steps = stepsOf(script, () => this.world.random.fraction('drivers'));
    entry.run += 1;
    this.#plan(entry);
  }

  /**
   * Carries out one step now. The steps that were still to come are cancelled.
   *
   * @throws RangeError if the order's status does not allow it
   */
  do(entry: OrderEntry, step: DriverStep): void {
    const { steps } = entry;
    // If couriers follow a script, they deliver the replacing order too.
    const isForClone = step.do === 'replace' && this.world.state.script !== 'still';
    entry.steps = isForClone ? DRIVER_SCRIPTS.prompt : [];
    try {
      this.#carryOut(entry, step);
    } catch (error) {
      entry.steps = steps;
      throw error;
    }
    entry.run += 1;
    if (step.do !== 'replace') entry.steps = [];
    this.world.touchOrder(entry);
  }

  /** Carries out the step that is due, and schedules the next one. */
  next(orderId: string, run: number): void {
    const entry = this.world.state.orders.get(orderId);
    if (entry?.run !== run) return;
    const [step, ...rest] = entry.steps;
    if (!step) return;
    entry.steps = rest;
    try {
      this.#carryOut(entry, step);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // The order has changed otherwise, or the script never fitted it.
      entry.steps = [];
      this.world.log.add({ kind: 'script-ended', orderId, step: step.do, why: error.message });
    }
    this.#plan(entry);
  }

  /**
   * Books the order that replaces one cancelled by customer service. The rest of the script continues on the new order.
   */
  replace(orderId: string): void {
    const entry = this.orders.get(orderId);
    const clone = this.orders.replace(entry);
    entry.steps = [];
    clone.run += 1;
    this.#plan(clone);
  }

  #plan(entry: OrderEntry): void {
    this.world.touchOrder(entry);
    if (!LIVE_STATUSES.has(entry.order.status)) return;
    // A script may start on an order that is already under way, so completed steps are skipped.
    const next = entry.steps.findIndex((each) => !this.#isDone(entry, each));
    entry.steps = next < 0 ? [] : entry.steps.slice(next);
    const [step] = entry.steps;
    if (!step) return;
    const now = this.world.clock.now();
    const target = this.#targetOf(entry, step);
    const { courier } = entry;
    const way = target && courier ? travelTime(positionOf(courier, now), target) : 0;
    const pause = step.after === undefined ? PAUSES[step.do] + way : milliseconds(step.after);
    // A scheduled order is not picked up before its time.
    const isAtPickUp = step.do === 'arrive' || step.do === 'pick-up';
    const at = Math.max(now + pause, isAtPickUp ? entry.scheduleAt : 0);
    if (target && courier) moveTo(courier, target, at, now);
    this.world.scheduler.add({ at, kind: 'step', orderId: entry.order.orderId, run: entry.run });
  }

  /** Whether an order has already passed a step, or its market does not have it. */
  #isDone({ order, tenant, arrivedAt }: OrderEntry, step: DriverStep): boolean {
    const isOnBoard = order.status === 'PICKED_UP' || order.status === 'DELIVERING';
    if (step.do === 'accept') return isOnBoard || order.status === 'ON_GOING';
    if (step.do === 'arrive') return isOnBoard || (order.status === 'ON_GOING' && arrivedAt !== undefined);
    if (step.do === 'pick-up') return isOnBoard;
    return step.do === 'set-off' && (order.status === 'DELIVERING' || !this.world.facts(tenant).hasDelivering);
  }

  /** The place where a step happens. */
  #targetOf(entry: OrderEntry, step: DriverStep): Point | undefined {
    if (step.do === 'arrive' || step.do === 'pick-up') return placeOf(entry, 0);
    if (step.do === 'deliver' || step.do === 'fail') return placeOf(entry, step.stop ?? openStops(entry)[0] ?? 0);
    return undefined;
  }

  #carryOut(entry: OrderEntry, step: DriverStep): void {
    this.#change(entry, step);
    const stop = 'stop' in step && step.stop !== undefined ? { stop: step.stop } : {};
    this.world.log.add({ kind: 'step', orderId: entry.order.orderId, step: step.do, ...stop });
  }

  #change(entry: OrderEntry, step: DriverStep): void {
    const { orders } = this;
    if (step.do === 'accept') orders.accept(entry);
    else if (step.do === 'reject') orders.reject(entry);
    else if (step.do === 'arrive') orders.arrive(entry);
    else if (step.do === 'pick-up') this.#pickUp(entry);
    else if (step.do === 'set-off') orders.setOff(entry);
    else if (step.do === 'deliver') this.#finish(entry, step, step.proof === 'signature' ? 'SIGNED' : 'DELIVERED');
    else if (step.do === 'fail') this.#finish(entry, step, 'FAILED');
    else if (step.do === 'complete') orders.complete(entry);
    else if (step.do === 'replace') this.#cancelToReplace(entry, step);
    else {
      orders.end(entry, 'CANCELED', { cancelParty: step.by ?? 'LALAMOVE_CUSTOMER_SUPPORT', cancelReason: step.reason });
    }
  }

  #pickUp(entry: OrderEntry): void {
    this.orders.pickUp(entry);
    const [next] = entry.steps;
    if (next && next.do !== 'set-off' && this.world.facts(entry.tenant).hasDelivering) {
      entry.steps = [{ do: 'set-off' }, ...entry.steps];
    }
  }

  #finish(
    entry: OrderEntry,
    step: Extract<DriverStep, { do: 'deliver' | 'fail' }>,
    status: 'DELIVERED' | 'SIGNED' | 'FAILED',
  ): void {
    this.orders.requireOnBoard(entry);
    const [first, ...more] = openStops(entry);
    if (step.stop === undefined && first === undefined) return;
    this.orders.finishStop(entry, step.stop ?? first ?? 0, status);
    if (step.stop === undefined && more.length > 0) entry.steps = [step, ...entry.steps];
  }

  #cancelToReplace(entry: OrderEntry, { gap = 0 }: Extract<DriverStep, { do: 'replace' }>): void {
    const cancelReason = this.world.settings.unknowns.replacementReason;
    // The rest of the script continues on the new order.
    const { steps } = entry;
    entry.isBeingReplaced = true;
    try {
      this.orders.end(entry, 'CANCELED', { cancelParty: 'LALAMOVE_CUSTOMER_SUPPORT', cancelReason });
    } catch (error) {
      entry.isBeingReplaced = false;
      throw error;
    }
    entry.steps = steps;
    const { orderId } = entry.order;
    const wait = milliseconds(gap);
    if (wait === 0) this.replace(orderId);
    else this.world.scheduler.add({ at: this.world.clock.now() + wait, kind: 'replacement', orderId });
  }
}

function placeOf({ order }: OrderEntry, stop: number): Point | undefined {
  const found = order.stops[stop];
  return found && parsePoint(found.coordinates);
}
