import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CreateQuotationDto,
  LalamoveModule,
  lalamoveOptionsFromEnv,
  LalamoveService,
  OnLalamoveEvent,
  signWebhook,
  type LalamoveEvent,
} from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

const seen: string[] = [];

@Controller()
class ShopController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Post('quotations')
  async quote(@Body() input: CreateQuotationDto): Promise<object> {
    return this.lalamove.createQuotation(input);
  }

  @Get('orders/:id')
  order(@Param('id') id: string): Promise<object> {
    return this.lalamove.getOrder(id);
  }

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus({ eventType }: LalamoveEvent): void {
    seen.push(eventType);
  }
}

@Module({
  imports: [
    LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv(), webhook: { path: 'webhooks/lalamove' } }),
  ],
  controllers: [ShopController],
})
class AppModule {}

async function main(): Promise<void> {
  const sandbox = await LalamoveSandbox.start();
  Object.assign(process.env, {
    LALAMOVE_API_KEY: sandbox.apiKey,
    LALAMOVE_API_SECRET: sandbox.apiSecret,
    LALAMOVE_MARKET: 'HK',
    LALAMOVE_BASE_URL: sandbox.url,
  });
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const headers = { 'content-type': 'application/json' };
  const stops = [{ address: '1 Peak Road' }, { address: '8 Airport Road' }];
  const input = { serviceType: 'MOTORCYCLE', language: 'en_HK', stops };
  const quoted = await fetch(`${url}/quotations`, { method: 'POST', headers, body: JSON.stringify(input) });
  const refused = await fetch(`${url}/quotations`, { method: 'POST', headers, body: '{}' });
  const missing = (await (await fetch(`${url}/orders/1`)).json()) as { code: string };
  const event = signWebhook({
    secret: sandbox.apiSecret,
    path: '/webhooks/lalamove',
    eventType: 'ORDER_STATUS_CHANGED',
    data: { order: { orderId: '1', status: 'COMPLETED' } },
  });
  const received = await fetch(`${url}/webhooks/lalamove`, { method: 'POST', body: event.body, headers });
  await new Promise((resolve) => setTimeout(resolve, 200));
  console.log([quoted.status, refused.status, missing.code, received.status, ...seen].join(' '));
  await app.close();
  await sandbox.stop();
}

void main();
