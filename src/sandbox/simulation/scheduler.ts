import type { Clock } from '../../internal/clock.js';
import type { StoredRequest } from '../api/seen-request.js';
import { TimerQueue } from '../clock/timer-queue.js';

/** Something that will happen by itself; plain data, so that a snapshot can hold it. */
export type ScheduledItem = { readonly at: number } & (
  | { readonly kind: 'expiry'; readonly orderId: string }
  | { readonly kind: 'step'; readonly orderId: string; readonly run: number }
  | { readonly kind: 'replacement'; readonly orderId: string }
  | { readonly kind: 'webhook'; readonly delivery: string; readonly attempt: number }
  | { readonly kind: 'late-work'; readonly request: StoredRequest }
);

type Happen<Kind extends ScheduledItem['kind']> = (item: Extract<ScheduledItem, { kind: Kind }>) => void;

/** What each kind of item does when it falls due. */
export type ScheduleHandlers = { readonly [Kind in ScheduledItem['kind']]: Happen<Kind> };

/** What will happen by itself, in its order, by the sandbox's clock. */
export class Scheduler {
  readonly #queue = new TimerQueue<ScheduledItem>();
  #disarm: () => void = () => undefined;
  #armedFor: number | undefined;
  #handlers: ScheduleHandlers | undefined;
  #isEnded = false;

  constructor(private readonly clock: Clock) {}

  /** Says who does what falls due. */
  handle(handlers: ScheduleHandlers): void {
    this.#handlers = handlers;
  }

  add(item: ScheduledItem): void {
    if (this.#isEnded) return;
    this.#queue.add(item);
    this.#arm();
  }

  /** Does at once what has fallen due: a timer is never quite on time. */
  catchUp(): void {
    if (this.#queue.next && this.#queue.next.at <= this.clock.now()) this.#wake();
  }

  /** Everything that is to come. */
  get items(): ScheduledItem[] {
    return this.#queue.all();
  }

  /** Forgets what was to come, and takes these in its place. */
  replace(items: readonly ScheduledItem[]): void {
    this.#queue.clear();
    for (const item of items) this.#queue.add(item);
    this.#arm();
  }

  /** Forgets what was to come, and takes nothing more. */
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
      this.#happen(next);
    }
    this.#arm();
  }

  #happen(item: ScheduledItem): void {
    const handlers = this.#handlers;
    if (!handlers) return;
    if (item.kind === 'expiry') handlers.expiry(item);
    else if (item.kind === 'step') handlers.step(item);
    else if (item.kind === 'replacement') handlers.replacement(item);
    else if (item.kind === 'webhook') handlers.webhook(item);
    else handlers['late-work'](item);
  }
}
