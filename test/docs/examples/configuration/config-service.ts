import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { LalamoveModule } from 'nestjs-lalamove';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    LalamoveModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({
        apiKey: config.getOrThrow<string>('SHOP_COURIER_KEY'),
        apiSecret: config.getOrThrow<string>('SHOP_COURIER_SECRET'),
        market: config.get('SHOP_COUNTRY', 'HK'),
        baseUrl: config.get<string>('SHOP_COURIER_URL'), // a sandbox; Lalamove itself if it is not set
        errors: { status: 'gateway' },
      }),
    }),
  ],
})
export class AppModule {}
