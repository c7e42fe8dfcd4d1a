import { Body, Controller, Get, Header, Post, Redirect } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { toE164 } from 'nestjs-lalamove';
import { DeliveriesService, InvalidDeliveryException } from 'nestjs-lalamove/deliveries';
import { DeliveriesTracking } from 'nestjs-lalamove/tracking';
import { randomBytes } from 'node:crypto';
import { ROUTE } from './curl-lines.js';
import { addressOf, checkoutOf, formPage, thanksPage } from './shop-page.js';
import { SHOP_STYLE } from './shop-style.js';

/** What a customer reads in place of "phone must be in E.164 form". */
const PHONE_PROBLEM = 'Please give a phone number in Hong Kong, such as 5123 4567.';

/** The shop's own page: a checkout that books a courier and shows the customer where to follow it. */
@Controller()
@ApiExcludeController() // It is a page, and no part of the API.
export class ShopController {
  constructor(
    private readonly deliveries: DeliveriesService,
    private readonly tracking: DeliveriesTracking,
  ) {}

  /** The shop is the front page. */
  @Get()
  @Redirect('/shop')
  front(): void {
    // The decorator answers.
  }

  @Get('shop')
  @Header('content-type', 'text/html; charset=utf-8')
  form(): string {
    // The cart is the reference of the delivery: who presses the button twice gets one courier.
    return formPage({ cart: `S-${randomBytes(5).toString('hex').toUpperCase()}` });
  }

  @Get('shop/shop.css')
  @Header('content-type', 'text/css; charset=utf-8')
  style(): string {
    return SHOP_STYLE;
  }

  @Post('shop')
  @Header('content-type', 'text/html; charset=utf-8')
  async order(@Body() body: unknown): Promise<string> {
    const checkout = checkoutOf(body);
    const { cart, name = '', phone = '', remarks, place } = checkout;
    const [pickUp] = ROUTE.stops;
    try {
      const { reference } = await this.deliveries.book({
        reference: cart,
        quotation: { ...ROUTE, stops: [...(pickUp ? [pickUp] : []), addressOf(place)] },
        sender: { name: 'Noodle shop', phone: '+85221234567' },
        recipients: [{ name, phone: toE164(phone, 'HK'), ...(remarks && { remarks }) }],
        isPODEnabled: true,
        metadata: { reference: cart },
      });
      return thanksPage(reference, await this.tracking.linkFor(reference));
    } catch (error) {
      if (!(error instanceof InvalidDeliveryException)) throw error;
      const [wrong] = error.errors;
      const isPhone = wrong?.field?.endsWith('/phone');
      return formPage(checkout, isPhone ? PHONE_PROBLEM : (wrong?.message ?? error.message));
    }
  }
}
