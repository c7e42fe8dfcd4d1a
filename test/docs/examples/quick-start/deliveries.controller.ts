// src/deliveries.controller.ts
import { Body, Controller, Get, Param, Post } from '@nestjs/common';
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

  @Get(':reference')
  find(@Param('reference') reference: string): Promise<Delivery> {
    return this.deliveries.get(reference);
  }

  @OnDelivery(['completed', 'failed', 'needs_attention'])
  onEnd(event: DeliveryEventOf<'completed' | 'failed' | 'needs_attention'>): void {
    const why = 'reason' in event ? `: ${event.reason.message}` : '';
    console.log(`Delivery ${event.reference} is ${event.state}${why}`);
  }
}
