// resolution.controller.ts
import { Body, Controller, Param, Post } from '@nestjs/common';
import { DeliveriesService, ResolveDeliveryDto, type Delivery } from 'nestjs-lalamove/deliveries';

@Controller('orders')
export class ResolutionController {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Post(':reference/resolution')
  resolve(@Param('reference') reference: string, @Body() resolution: ResolveDeliveryDto): Promise<Delivery> {
    return this.deliveries.resolve(reference, resolution);
  }
}
