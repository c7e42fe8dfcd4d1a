/** The statuses of an order that is still active. */
export const LIVE: ReadonlySet<string> = new Set(['ASSIGNING_DRIVER', 'ON_GOING', 'PICKED_UP']);

/** A webhook of the model. */
export interface ModelEvent {
  readonly type: 'ORDER_STATUS_CHANGED' | 'ORDER_REPLACED';
  readonly orderId: string;
  readonly prevOrderId: string;
  readonly status: string;
  readonly cancelParty: string | undefined;
  /** The attempt in the metadata, if events have metadata. */
  readonly attemptId: string | undefined;
  readonly signedAt: number;
}

/** An order of the model. */
export interface ModelOrder {
  readonly id: string;
  readonly attemptId: string;
  status: string;
  /** Whether the order was replaced. That can happen once; later changes are made to the replacing order. */
  isReplaced: boolean;
}

/** A minimal model of Lalamove: orders, and the events that it has not sent yet. */
export class ModelLalamove {
  now = Date.parse('2026-12-01T08:00:00Z');
  readonly orders: ModelOrder[] = [];
  readonly unsent: ModelEvent[] = [];
  /** Whether cancellation is refused in every status. */
  forbidsCancelling = false;
  /** Orders whose answer was lost and that are placed later. */
  delayed: { attemptId: string; until: number }[] = [];
  /** Whether these orders can be placed even after their quotation has expired. */
  placesVeryLate = false;

  constructor(
    readonly hasMetadata: boolean,
    readonly skewMs: number,
  ) {}

  get live(): ModelOrder[] {
    return this.orders.filter(({ status }) => LIVE.has(status));
  }

  place(attemptId: string): ModelOrder {
    const order = { id: `${this.orders.length + 1}`, attemptId, status: 'ASSIGNING_DRIVER', isReplaced: false };
    this.orders.push(order);
    this.#queueEvent(order);
    return order;
  }

  advance(ms: number): void {
    this.now += ms;
    if (!this.placesVeryLate) this.delayed = this.delayed.filter(({ until }) => until > this.now);
  }

  /** Places the delayed orders. */
  placeDelayed(): void {
    for (const { attemptId } of this.delayed.splice(0)) this.place(attemptId);
  }

  move(order: ModelOrder, status: string, cancelParty?: string): void {
    order.status = status;
    this.#queueEvent(order, cancelParty);
  }

  /** Customer service cancels an order and places a replacing order. */
  replace(order: ModelOrder): void {
    if (order.isReplaced) return;
    order.isReplaced = true;
    this.move(order, 'CANCELED', 'LALAMOVE_CUSTOMER_SUPPORT');
    const clone = this.place(order.attemptId);
    const { hasMetadata, now, skewMs } = this;
    this.unsent.push({
      type: 'ORDER_REPLACED',
      orderId: clone.id,
      prevOrderId: order.id,
      status: '',
      cancelParty: undefined,
      attemptId: hasMetadata ? order.attemptId : undefined,
      signedAt: seconds(now + skewMs),
    });
  }

  #queueEvent({ id, status, attemptId }: ModelOrder, cancelParty?: string): void {
    this.unsent.push({
      type: 'ORDER_STATUS_CHANGED',
      orderId: id,
      prevOrderId: '',
      status,
      cancelParty,
      attemptId: this.hasMetadata ? attemptId : undefined,
      signedAt: seconds(this.now + this.skewMs),
    });
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
