import { Controller, Get, Injectable, Module, Param } from '@nestjs/common';
import { OnDelivery, type DeliveryEventOf } from 'nestjs-lalamove/deliveries';
import { DeliveriesTracking, DeliveriesTrackingModule } from 'nestjs-lalamove/tracking';

@Injectable()
export class Messages {
  readonly sent: string[] = [];

  constructor(private readonly tracking: DeliveriesTracking) {}

  @OnDelivery('picked_up')
  async tellCustomer({ reference }: DeliveryEventOf<'picked_up'>): Promise<void> {
    // Send it by your own SMS or e-mail service.
    this.sent.push(`Your order is on its way: ${await this.tracking.linkFor(reference)}`);
  }
}

@Controller('orders')
export class OrderLinksController {
  constructor(private readonly tracking: DeliveriesTracking) {}

  @Get(':reference/tracking-link')
  async link(@Param('reference') reference: string): Promise<{ url: string }> {
    return { url: await this.tracking.linkFor(reference, { expiresIn: '2d' }) };
  }
}

@Module({
  imports: [
    DeliveriesTrackingModule.forRoot({
      path: 'track',
      secret: process.env.TRACKING_SECRET ?? 'for-development-only-0123456789ab',
      publicUrl: process.env.TRACKING_URL ?? 'http://localhost:3000/track',
      brand: { name: 'Corner Bakery', accent: '#0a7d4f', support: { phone: '+85221234567' } },
    }),
  ],
  controllers: [OrderLinksController],
  providers: [Messages],
})
export class TrackingModule {}
