import type { LalamoveService } from '../../src/index.js';
import type { DeliveriesService } from '../../src/deliveries/index.js';

interface Posted {
  readonly attemptId: string;
  readonly orderId: string;
}

/** The answers to posted orders that this process has got, until it has looked whether their attempts have them. */
export class PostedOrders {
  /** By the reference of the delivery. */
  readonly #answered = new Map<string, Posted[]>();

  /** Listens to a service's answers. */
  listen(service: LalamoveService): void {
    const placeOrder = service.placeOrder.bind(service);
    service.placeOrder = async (input, options) => {
      const order = await placeOrder(input, options);
      const { reference = '', deliveryAttempt = '' } = input.metadata ?? {};
      const before = this.#answered.get(reference) ?? [];
      this.#answered.set(reference, [...before, { attemptId: deliveryAttempt, orderId: order.orderId }]);
      return order;
    };
  }

  hasAnswer(reference: string): boolean {
    return this.#answered.has(reference);
  }

  /** The orders of answers to this delivery that its attempts do not have. The work that got them has ended. */
  async dropped(reference: string, { database }: DeliveriesService): Promise<string[]> {
    const answered = this.#answered.get(reference) ?? [];
    this.#answered.delete(reference);
    const dropped: string[] = [];
    for (const { attemptId, orderId } of answered) {
      const row = await database
        .selectFrom('delivery_attempts')
        .select('order_id')
        .where('id', '=', attemptId)
        .executeTakeFirst();
      if (row?.order_id !== orderId) dropped.push(orderId);
    }
    return dropped;
  }
}
