import type { Clock } from '../../internal/clock.js';
import type { StoredRequest } from '../api/seen-request.js';
import { TimerQueue } from '../clock/timer-queue.js';

/** An action that is scheduled. It is plain data, so that a snapshot can hold it. */
export type ScheduledItem = { readonly at: number } & (
  | { readonly kind: 'expiry'; readonly orderId: string }
  | { readonly kind: 'step'; readonly orderId: string; readonly run: number }
  | { readonly kind: 'replacement'; readonly orderId: string }
  | { readonly kind: 'webhook'; readonly delivery: string; readonly attempt: number }
  | { readonly kind: 'late-work'; readonly request: StoredRequest }
);

type Action<Kind extends ScheduledItem['kind']> = (item: Extract<ScheduledItem, { kind: Kind }>) => void;

/** The action of each kind of item. */
export type ScheduleHandlers = { readonly [Kind in ScheduledItem['kind']]: Action<Kind> };

/** Runs scheduled items in order, by the sandbox's clock. */
export class Scheduler {
  readonly #queue = new TimerQueue<ScheduledItem>();
  #disarm: () => void = () => undefined;
  #armedFor: number | undefined;
  #handlers: ScheduleHandlers | undefined;
  #isEnded = false;

  constructor(private readonly clock: Clock) {}

  /** Sets the actions. Before that, due items do nothing. */
  handle(handlers: ScheduleHandlers): void {
    this.#handlers = handlers;
  }

  add(item: ScheduledItem): void {
    if (this.#isEnded) return;
    this.#queue.add(item);
    this.#arm();
  }

  /** Runs at once what is due by now, because a timer can fire late. */
  catchUp(): void {
    if (this.#queue.next && this.#queue.next.at <= this.clock.now()) this.#wake();
  }

  /** All scheduled items, in order. */
  get items(): ScheduledItem[] {
    return this.#queue.all();
  }

  /** Replaces all scheduled items. */
  replace(items: readonly ScheduledItem[]): void {
    this.#queue.clear();
    for (const item of items) this.#queue.add(item);
    this.#arm();
  }

  /** Removes all scheduled items, and accepts no more. */
  end(): void {
    this.#isEnded = true;
    this.replace([]);
  }

  #arm(): void {
    const at = this.#queue.next?.at;
    if (at === this.#armedFor) return;
    this.#disarm();
    this.#armedFor = at;
    if (at === undefined) return;
    this.#disarm = this.clock.setTimeout(() => {
      this.#armedFor = undefined;
      this.#wake();
    }, at - this.clock.now());
  }

  #wake(): void {
    const now = this.clock.now();
    for (;;) {
      const { next } = this.#queue;
      if (!next || next.at > now) break;
      this.#queue.take();
      this.#run(next);
    }
    this.#arm();
  }

  #run(item: ScheduledItem): void {
    const handlers = this.#handlers;
    if (!handlers) return;
    if (item.kind === 'expiry') handlers.expiry(item);
    else if (item.kind === 'step') handlers.step(item);
    else if (item.kind === 'replacement') handlers.replacement(item);
    else if (item.kind === 'webhook') handlers.webhook(item);
    else handlers['late-work'](item);
  }
}
