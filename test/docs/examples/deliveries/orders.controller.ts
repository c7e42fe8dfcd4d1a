// orders.controller.ts
import { Body, Controller, Delete, Get, Param, Post } from '@nestjs/common';
import {
  BookDeliveryDto,
  DeliveriesService,
  OnDelivery,
  type Delivery,
  type DeliveryEventOf,
} from 'nestjs-lalamove/deliveries';

@Controller('orders')
export class OrdersController {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Post()
  book(@Body() delivery: BookDeliveryDto): Promise<Delivery> {
    return this.deliveries.book(delivery);
  }

  @Get(':reference')
  status(@Param('reference') reference: string): Promise<Delivery> {
    return this.deliveries.get(reference);
  }

  @Delete(':reference')
  cancel(@Param('reference') reference: string): Promise<Delivery> {
    return this.deliveries.cancel(reference);
  }

  @OnDelivery('completed')
  onCompleted({ reference, orderId }: DeliveryEventOf<'completed'>): void {
    console.log(`${reference} was delivered as ${orderId}`);
  }

  @OnDelivery(['needs_attention', 'failed'])
  onTrouble({ reference, reason }: DeliveryEventOf<'needs_attention' | 'failed'>): void {
    console.error(`${reference}: ${reason.message}`);
  }
}
