import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { CreateQuotationDto, LalamoveService, PlaceOrderDto, type Order, type Quotation } from 'nestjs-lalamove';
import { ApiLalamoveErrors, OrderSchema, QuotationSchema } from 'nestjs-lalamove/openapi';

@Controller()
export class OrdersController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Post('quotations')
  @ApiCreatedResponse({ type: QuotationSchema })
  @ApiLalamoveErrors('createQuotation')
  quote(@Body() body: CreateQuotationDto): Promise<Quotation> {
    return this.lalamove.createQuotation(body);
  }

  @Post('orders')
  @ApiCreatedResponse({ type: OrderSchema })
  @ApiLalamoveErrors('placeOrder')
  order(@Body() body: PlaceOrderDto): Promise<Order> {
    return this.lalamove.placeOrder(body);
  }

  @Get('orders/:orderId')
  @ApiOkResponse({ type: OrderSchema })
  @ApiLalamoveErrors('getOrder')
  find(@Param('orderId') orderId: string): Promise<Order> {
    return this.lalamove.getOrder(orderId);
  }
}
