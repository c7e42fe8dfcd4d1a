import { Controller, Get, Param } from '@nestjs/common';
import { OnLalamoveEvent, type DriverAssignedEvent, type OrderStatusChangedEvent } from 'nestjs-lalamove';

/** A webhook of an order. */
export interface TrackedEvent {
  /** ISO 8601. */
  at: string;
  what: string;
}

/** Stores webhook events in memory and shows them. A controller can handle events as well as requests. */
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

  /** Sorted by time, because webhooks arrive in any order. */
  @Get()
  of(@Param('orderId') orderId: string): TrackedEvent[] {
    return [...(this.#events.get(orderId) ?? [])].sort((a, b) => a.at.localeCompare(b.at));
  }

  #add(orderId: string, event: TrackedEvent): void {
    this.#events.set(orderId, [...(this.#events.get(orderId) ?? []), event]);
  }
}
