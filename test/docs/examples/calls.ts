import { Injectable } from '@nestjs/common';
import {
  LalamoveOutcomeUnknownException,
  LalamoveService,
  type City,
  type Order,
  type PlaceOrderDto,
} from 'nestjs-lalamove';

@Injectable()
export class Couriers {
  constructor(private readonly lalamove: LalamoveService) {}

  cities(): Promise<City[]> {
    return this.lalamove.getCities();
  }
}

/** The fragments of docs/guides/calls.md, as methods. */
@Injectable()
export class CallExamples {
  readonly asked: (string | undefined)[] = [];

  constructor(private readonly lalamove: LalamoveService) {}

  async quoteAndOrder(): Promise<Order> {
    const quotation = await this.lalamove.createQuotation({
      serviceType: 'MOTORCYCLE',
      language: 'en_HK',
      stops: [
        { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak' },
        { coordinates: { lat: '22.308', lng: '113.9185' }, address: 'Hong Kong Airport' },
      ],
    });
    const [pickUp, dropOff] = quotation.stops;
    const order = await this.lalamove.placeOrder({
      quotationId: quotation.quotationId,
      sender: { stopId: pickUp.stopId, name: 'Shop', phone: '+85221234567' },
      recipients: [{ stopId: dropOff.stopId, name: 'Ada', phone: '+85251234567', remarks: 'Ring twice' }],
      metadata: { reference: 'A-1' },
    });
    return order;
  }

  async placeOrAsk(order: PlaceOrderDto): Promise<Order> {
    try {
      return await this.lalamove.placeOrder(order);
    } catch (error) {
      if (error instanceof LalamoveOutcomeUnknownException) await this.askAPerson(order, error.sentRequestId);
      throw error; // the exception filter answers it
    }
  }

  async read(orderId: string): Promise<void> {
    await this.lalamove.getOrder(orderId, { timeoutMs: 2000, maxAttempts: 1, requestId: 'checkout-4711' });
  }

  private askAPerson(_order: PlaceOrderDto, sentRequestId: string | undefined): Promise<void> {
    this.asked.push(sentRequestId);
    return Promise.resolve();
  }
}
