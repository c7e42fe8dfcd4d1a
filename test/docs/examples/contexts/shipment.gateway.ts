import { UseFilters } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { LalamoveException, LalamoveExceptionFilter, LalamoveService } from 'nestjs-lalamove';

@UseFilters(LalamoveExceptionFilter)
@WebSocketGateway()
export class ShipmentGateway {
  constructor(private readonly lalamove: LalamoveService) {}

  @SubscribeMessage('track')
  async track(@MessageBody() orderId: string): Promise<{ event: string; data: string }> {
    return { event: 'status', data: (await this.lalamove.getOrder(orderId)).status };
  }

  @SubscribeMessage('cancel')
  async cancel(@MessageBody() orderId: string): Promise<{ event: string; data: string }> {
    try {
      await this.lalamove.cancelOrder(orderId);
      return { event: 'canceled', data: orderId };
    } catch (error) {
      if (!LalamoveException.is(error)) throw error;
      throw new WsException({ code: error.code, message: 'This order cannot be cancelled.' });
    }
  }
}
