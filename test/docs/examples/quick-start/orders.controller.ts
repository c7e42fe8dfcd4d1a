// src/orders.controller.ts
import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { LalamoveService, OnLalamoveEvent, type Order, type OrderStatusChangedEvent, toE164 } from 'nestjs-lalamove';

/** What the shop's checkout sends. */
class Checkout {
  address: string;
  name: string;
  phone: string;
}

@Controller('orders')
export class OrdersController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Post()
  async order(@Body() { address, name, phone }: Checkout): Promise<Order> {
    const { quotationId, stops } = await this.lalamove.createQuotation({
      serviceType: 'MOTORCYCLE',
      stops: [{ address: 'Victoria Peak' }, { address }],
    });
    return this.lalamove.placeOrder({
      quotationId,
      sender: { stopId: stops[0].stopId, name: 'Shop', phone: '+85221234567' },
      recipients: [{ stopId: stops[1].stopId, name, phone: toE164(phone, 'HK') }],
    });
  }

  @Get(':orderId')
  track(@Param('orderId') orderId: string): Promise<Order> {
    return this.lalamove.getOrder(orderId);
  }

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus({ orderId, status }: OrderStatusChangedEvent): void {
    console.log(`Order ${orderId} is ${status}`);
  }
}
