import { Catch, Controller, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import { LalamoveException, LalamoveService, type Order } from 'nestjs-lalamove';

/** Gives the caller what it may act upon, in place of the whole exception. */
@Catch(LalamoveException)
export class LalamoveRpcFilter implements RpcExceptionFilter<LalamoveException> {
  catch({ code, retryable, retryAfterSeconds }: LalamoveException): Observable<never> {
    return throwError(() => new RpcException({ code, retryable, retryAfterSeconds }).getError());
  }
}

@Controller()
export class ShipmentMessages {
  constructor(private readonly lalamove: LalamoveService) {}

  @MessagePattern('shipment.get')
  get(@Payload() orderId: string): Promise<Order> {
    return this.lalamove.getOrder(orderId);
  }

  @UseFilters(LalamoveRpcFilter)
  @MessagePattern('shipment.cancel')
  async cancel(@Payload() orderId: string): Promise<boolean> {
    await this.lalamove.cancelOrder(orderId);
    return true;
  }
}
