import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { BookDeliveryDto, DeliveriesService, ResolveDeliveryDto, type Delivery } from 'nestjs-lalamove/deliveries';
import { apiLalamoveErrorsWith, DeliverySchema } from 'nestjs-lalamove/openapi';

// The values of `errors` of LalamoveModule, once for the whole app.
const ApiErrors = apiLalamoveErrorsWith({ status: 'gateway', format: 'problem' });

@Controller('deliveries')
export class DeliveriesController {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Post()
  @ApiCreatedResponse({ type: DeliverySchema })
  @ApiErrors('deliveries.book')
  book(@Body() body: BookDeliveryDto): Promise<Delivery> {
    return this.deliveries.book(body);
  }

  @Get(':reference')
  @ApiOkResponse({ type: DeliverySchema })
  @ApiErrors('deliveries.get')
  find(@Param('reference') reference: string): Promise<Delivery> {
    return this.deliveries.get(reference);
  }

  @Post(':reference/resolve')
  @ApiCreatedResponse({ type: DeliverySchema })
  @ApiErrors('deliveries.resolve')
  resolve(@Param('reference') reference: string, @Body() body: ResolveDeliveryDto): Promise<Delivery> {
    return this.deliveries.resolve(reference, body);
  }
}
