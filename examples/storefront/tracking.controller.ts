import { Controller, Get, Param } from '@nestjs/common';
import { OnLalamoveEvent, type DriverAssignedEvent, type OrderStatusChangedEvent } from 'nestjs-lalamove';

/** What Lalamove has told of an order by webhook. */
export interface TrackedEvent {
  /** ISO 8601. */
  at: string;
  what: string;
}

/** Keeps what webhooks tell, as a shop would in its database, and shows it: a controller can handle events as well as requests. */
@Controller('lalamove/orders/:orderId/tracking')
export class TrackingController {
  readonly #events = new Map<string, TrackedEvent[]>();

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus({ orderId, occurredAt, status }: OrderStatusChangedEvent): void {
    this.#add(orderId, { at: occurredAt, what: status });
  }

  @OnLalamoveEvent('DRIVER_ASSIGNED')
  onDriver({ orderId, occurredAt, driver }: DriverAssignedEvent): void {
    this.#add(orderId, { at: occurredAt, what: `${driver.name} is the driver` });
  }

  /** In the order in which it happened: webhooks come in any. */
  @Get()
  of(@Param('orderId') orderId: string): TrackedEvent[] {
    return [...(this.#events.get(orderId) ?? [])].sort((a, b) => a.at.localeCompare(b.at));
  }

  #add(orderId: string, event: TrackedEvent): void {
    this.#events.set(orderId, [...(this.#events.get(orderId) ?? []), event]);
  }
}
