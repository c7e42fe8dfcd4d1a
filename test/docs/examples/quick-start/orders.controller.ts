// orders.controller.ts
import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { CreateQuotationDto, LalamoveService, PlaceOrderDto, type Order, type Quotation } from 'nestjs-lalamove';

@Controller('orders')
export class OrdersController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Post('quotes')
  quote(@Body() quotation: CreateQuotationDto): Promise<Quotation> {
    return this.lalamove.createQuotation(quotation);
  }

  @Post()
  order(@Body() order: PlaceOrderDto): Promise<Order> {
    return this.lalamove.placeOrder(order);
  }

  @Get(':orderId')
  track(@Param('orderId') orderId: string): Promise<Order> {
    return this.lalamove.getOrder(orderId);
  }
}
