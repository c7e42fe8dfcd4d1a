import { Body, Controller, Delete, Get, Logger, Param, Post } from '@nestjs/common';
import {
  BookDeliveryDto,
  DeliveriesService,
  OnDelivery,
  type Delivery,
  type DeliveryEventOf,
  type TimelineEntry,
} from 'nestjs-lalamove/deliveries';

/** The shop's orders, sent out under its own references: asked for twice, there is one courier all the same. */
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

  /** A shop would tell somebody. */
  @OnDelivery(['needs_attention', 'failed'])
  onTrouble({ reference, reason }: DeliveryEventOf<'needs_attention' | 'failed'>): void {
    this.#logger.warn(`${reference}: ${reason.message}`);
  }
}
