import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';

// Lalamove knows https://api.shop.example/couriers/webhooks/lalamove. The proxy takes /couriers away.
@Module({
  imports: [
    LalamoveModule.forRootAsync({
      useFactory: () => lalamoveOptionsFromEnv(),
      webhook: { path: 'webhooks/lalamove', publicPath: '/couriers/webhooks/lalamove' },
    }),
  ],
})
export class AppModule {}
