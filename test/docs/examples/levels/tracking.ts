// tracking.ts
import { Injectable } from '@nestjs/common';
import { OnLalamoveEvent, type OrderStatusChangedEvent } from 'nestjs-lalamove';

@Injectable()
export class Tracking {
  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus({ orderId, status, occurredAt }: OrderStatusChangedEvent): void {
    console.log(`${orderId} is ${status} since ${occurredAt}`);
  }
}
