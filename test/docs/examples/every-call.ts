import { Injectable } from '@nestjs/common';
import {
  LalamoveService,
  type City,
  type Driver,
  type Order,
  type Quotation,
  type WebhookRegistration,
} from 'nestjs-lalamove';

/** The fragments of docs/reference/calls.md, as methods. */
@Injectable()
export class EveryCall {
  constructor(private readonly lalamove: LalamoveService) {}

  async createQuotation(): Promise<Quotation> {
    return await this.lalamove.createQuotation({
      serviceType: 'MOTORCYCLE',
      language: 'en_HK',
      scheduleAt: new Date(Date.now() + 3_600_000),
      specialRequests: ['THERMAL_BAG_1'],
      isRouteOptimized: false,
      stops: [
        { coordinates: { lat: 22.2759, lng: 114.1455 }, address: 'Victoria Peak' },
        { coordinates: { lat: '22.308', lng: '113.9185' }, address: 'Hong Kong Airport' },
      ],
      item: { quantity: '3', weight: 'LESS_THAN_3_KG', categories: ['FOOD_DELIVERY'] },
    });
  }

  async getQuotation(quotationId: string): Promise<Quotation> {
    return await this.lalamove.getQuotation(quotationId);
  }

  async placeOrder(quotation: Quotation): Promise<Order> {
    const [pickUp, dropOff] = quotation.stops;
    return await this.lalamove.placeOrder({
      quotationId: quotation.quotationId,
      sender: { stopId: pickUp.stopId, name: 'Shop', phone: '+85221234567' },
      recipients: [{ stopId: dropOff.stopId, name: 'Ada', phone: '+85251234567', remarks: 'Ring twice' }],
      isPODEnabled: true,
      metadata: { reference: 'A-1' },
    });
  }

  async getOrder(orderId: string): Promise<Order> {
    return await this.lalamove.getOrder(orderId);
  }

  async editOrder(orderId: string): Promise<Order> {
    return await this.lalamove.editOrder(orderId, {
      stops: [
        {
          coordinates: { lat: '22.2759', lng: '114.1455' },
          address: 'Victoria Peak',
          name: 'Shop',
          phone: '+85221234567',
        },
        {
          coordinates: { lat: '22.3193', lng: '114.1694' },
          address: 'Mong Kok Station',
          name: 'Ada',
          phone: '+85251234567',
          remarks: 'Ring twice',
        },
      ],
    });
  }

  async cancelOrder(orderId: string): Promise<void> {
    await this.lalamove.cancelOrder(orderId);
  }

  async addPriorityFee(orderId: string): Promise<Order> {
    return await this.lalamove.addPriorityFee(orderId, { priorityFee: '20' });
  }

  async getDriver(orderId: string, driverId: string): Promise<Driver> {
    return await this.lalamove.getDriver(orderId, driverId);
  }

  async changeDriver(orderId: string, driverId: string): Promise<void> {
    await this.lalamove.changeDriver(orderId, driverId, { reason: 'DRIVER_LATE' });
  }

  async getCities(): Promise<City[]> {
    return await this.lalamove.getCities();
  }

  async setWebhookUrl(url: string): Promise<WebhookRegistration> {
    return await this.lalamove.setWebhookUrl(url);
  }

  forAccount(apiKey: string, apiSecret: string): LalamoveService {
    const merchant = this.lalamove.forAccount({ apiKey, apiSecret, market: 'HK' });
    return merchant;
  }
}
