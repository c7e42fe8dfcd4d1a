// deliveries.controller.ts
import { Body, Controller, Post } from '@nestjs/common';
import {
  BookDeliveryDto,
  DeliveriesService,
  OnDelivery,
  type Delivery,
  type DeliveryEventOf,
} from 'nestjs-lalamove/deliveries';

@Controller('deliveries')
export class DeliveriesController {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Post()
  book(@Body() delivery: BookDeliveryDto): Promise<Delivery> {
    return this.deliveries.book(delivery);
  }

  @OnDelivery(['completed', 'failed', 'needs_attention'])
  onEnd({ reference, state }: DeliveryEventOf<'completed' | 'failed' | 'needs_attention'>): void {
    console.log(`${reference} is ${state}`);
  }
}
