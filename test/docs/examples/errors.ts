import { Injectable, Logger } from '@nestjs/common';
import {
  InvalidQuotationException,
  LalamoveException,
  LalamoveService,
  type Order,
  type PlaceOrderDto,
} from 'nestjs-lalamove';

/** The fragment of docs/guides/errors.md, as a method. */
@Injectable()
export class ErrorExamples {
  private readonly logger = new Logger('Orders');

  constructor(private readonly lalamove: LalamoveService) {}

  async place(order: PlaceOrderDto): Promise<Order | undefined> {
    try {
      return await this.lalamove.placeOrder(order);
    } catch (error) {
      if (error instanceof InvalidQuotationException) return this.quoteAgain(order);
      if (LalamoveException.is(error)) this.logger.warn(error.toJSON());
      throw error;
    }
  }

  private quoteAgain({ quotationId }: PlaceOrderDto): Promise<undefined> {
    this.logger.log(`Quotation ${quotationId} has expired`);
    return Promise.resolve(undefined);
  }
}
