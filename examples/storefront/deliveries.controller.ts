import { Body, Controller, Delete, Get, Logger, Param, Post } from '@nestjs/common';
import {
  BookDeliveryDto,
  DeliveriesService,
  OnDelivery,
  ResolveDeliveryDto,
  type Delivery,
  type DeliveryEventOf,
  type TimelineEntry,
} from 'nestjs-lalamove/deliveries';

/** The shop's orders under its own references. An order that is booked twice still gets one courier. */
@Controller('orders')
export class DeliveriesController {
  readonly #logger = new Logger('Storefront');

  constructor(private readonly deliveries: DeliveriesService) {}

  @Post()
  book(@Body() delivery: BookDeliveryDto): Promise<Delivery> {
    return this.deliveries.book(delivery);
  }

  @Get(':reference')
  status(@Param('reference') reference: string): Promise<Delivery> {
    return this.deliveries.get(reference);
  }

  @Get(':reference/timeline')
  timeline(@Param('reference') reference: string): Promise<readonly TimelineEntry[]> {
    return this.deliveries.timeline(reference);
  }

  @Delete(':reference')
  cancel(@Param('reference') reference: string): Promise<Delivery> {
    return this.deliveries.cancel(reference);
  }

  /** A real shop would let only its own staff call this. */
  @Post(':reference/resolution')
  resolve(@Param('reference') reference: string, @Body() resolution: ResolveDeliveryDto): Promise<Delivery> {
    return this.deliveries.resolve(reference, resolution);
  }

  /** A real shop would notify a person here. */
  @OnDelivery(['needs_attention', 'failed'])
  onTrouble({ reference, reason }: DeliveryEventOf<'needs_attention' | 'failed'>): void {
    this.#logger.warn(`${reference}: ${reason.message}`);
  }
}
