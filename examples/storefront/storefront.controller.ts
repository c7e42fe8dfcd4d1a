import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import {
  AddPriorityFeeDto,
  ChangeDriverDto,
  CreateQuotationDto,
  EditOrderDto,
  LalamoveService,
  PlaceOrderDto,
  type City,
  type Driver,
  type Order,
  type Quotation,
} from 'nestjs-lalamove';
import { ApiLalamoveErrors, OrderSchema, QuotationSchema } from 'nestjs-lalamove/openapi';

/** The shop's own REST API. It needs no try/catch: the exception filter answers every error of Lalamove. */
@Controller()
export class StorefrontController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Get('cities')
  cities(): Promise<City[]> {
    return this.lalamove.getCities();
  }

  @Post('quotes')
  @ApiCreatedResponse({ type: QuotationSchema })
  @ApiLalamoveErrors('createQuotation')
  quote(@Body() quotation: CreateQuotationDto): Promise<Quotation> {
    return this.lalamove.createQuotation(quotation);
  }

  @Get('quotes/:quotationId')
  quoted(@Param('quotationId') quotationId: string): Promise<Quotation> {
    return this.lalamove.getQuotation(quotationId);
  }

  @Post('lalamove/orders')
  @ApiCreatedResponse({ type: OrderSchema })
  @ApiLalamoveErrors('placeOrder')
  order(@Body() order: PlaceOrderDto): Promise<Order> {
    return this.lalamove.placeOrder(order);
  }

  @Get('lalamove/orders/:orderId')
  @ApiOkResponse({ type: OrderSchema })
  @ApiLalamoveErrors('getOrder')
  track(@Param('orderId') orderId: string): Promise<Order> {
    return this.lalamove.getOrder(orderId);
  }

  @Patch('lalamove/orders/:orderId')
  edit(@Param('orderId') orderId: string, @Body() changes: EditOrderDto): Promise<Order> {
    return this.lalamove.editOrder(orderId, changes);
  }

  @Delete('lalamove/orders/:orderId')
  @HttpCode(204)
  cancel(@Param('orderId') orderId: string): Promise<void> {
    return this.lalamove.cancelOrder(orderId);
  }

  @Post('lalamove/orders/:orderId/priority-fee')
  @HttpCode(200)
  hurry(@Param('orderId') orderId: string, @Body() fee: AddPriorityFeeDto): Promise<Order> {
    return this.lalamove.addPriorityFee(orderId, fee);
  }

  @Get('lalamove/orders/:orderId/drivers/:driverId')
  driver(@Param('orderId') orderId: string, @Param('driverId') driverId: string): Promise<Driver> {
    return this.lalamove.getDriver(orderId, driverId);
  }

  @Delete('lalamove/orders/:orderId/drivers/:driverId')
  @HttpCode(204)
  changeDriver(
    @Param('orderId') orderId: string,
    @Param('driverId') driverId: string,
    @Body() change: ChangeDriverDto,
  ): Promise<void> {
    return this.lalamove.changeDriver(orderId, driverId, change);
  }
}
