import { Injectable } from '@nestjs/common';
import { LalamoveService, OnLalamoveEvent, type OrderStatusChangedEvent } from 'nestjs-lalamove';
import { UseCls } from 'nestjs-cls';

@Injectable()
export class Tracking {
  constructor(private readonly lalamove: LalamoveService) {}

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  @UseCls<[OrderStatusChangedEvent]>({ generateId: true, idGenerator: ({ fingerprint }) => fingerprint })
  async onStatus({ orderId }: OrderStatusChangedEvent): Promise<void> {
    await this.lalamove.getOrder(orderId); // its log lines have the event's fingerprint as request=…
  }
}
