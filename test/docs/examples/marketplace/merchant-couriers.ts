// merchant-couriers.ts
import { Injectable, Logger, NotFoundException } from '@nestjs/common';
import {
  LalamoveAuthenticationException,
  LalamoveService,
  OnLalamoveEvent,
  type CreateQuotationDto,
  type OrderStatusChangedEvent,
  type Quotation,
} from 'nestjs-lalamove';
import { DeliveriesService, type BookDeliveryDto, type Delivery } from 'nestjs-lalamove/deliveries';
import { Merchants } from './merchants.js';

@Injectable()
export class MerchantCouriers {
  private readonly logger = new Logger('MerchantCouriers');

  constructor(
    private readonly lalamove: LalamoveService,
    private readonly deliveries: DeliveriesService,
    private readonly merchants: Merchants,
  ) {}

  /** When a merchant has typed in keys: are they right? Then their webhooks come here too. */
  async connect(merchantId: string, webhookUrl: string): Promise<boolean> {
    const lalamove = await this.of(merchantId);
    try {
      await lalamove.getCities();
    } catch (error) {
      if (error instanceof LalamoveAuthenticationException) return false;
      throw error;
    }
    await lalamove.setWebhookUrl(webhookUrl);
    return true;
  }

  async quote(merchantId: string, input: CreateQuotationDto): Promise<Quotation> {
    return (await this.of(merchantId)).createQuotation(input);
  }

  /** The reference is unique within the merchant. */
  book(merchantId: string, delivery: BookDeliveryDto): Promise<Delivery> {
    return this.deliveries.book({ ...delivery, account: merchantId });
  }

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus({ account, orderId, status }: OrderStatusChangedEvent): void {
    this.logger.log(`${orderId} of ${account ?? 'the platform'} is ${status}`);
  }

  private async of(merchantId: string): Promise<LalamoveService> {
    const merchant = await this.merchants.byId(merchantId);
    if (merchant === undefined) throw new NotFoundException(`There is no merchant ${merchantId}.`);
    return this.lalamove.forAccount(merchant);
  }
}
