import { Controller, Get, Param } from '@nestjs/common';
import { LalamoveService, type Order } from 'nestjs-lalamove';

@Controller('orders')
export class OrdersController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Get(':orderId')
  order(@Param('orderId') orderId: string): Promise<Order> {
    return this.lalamove.getOrder(orderId);
  }
}
