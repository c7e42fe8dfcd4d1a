// app.module.ts
import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { DeliveriesModule } from 'nestjs-lalamove/deliveries';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';

@Module({
  imports: [
    LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv(), webhook: { path: 'webhooks/lalamove' } }),
    DeliveriesModule.forRoot({
      storage: postgresStorage({ connectionString: process.env.DATABASE_URL ?? 'postgres://localhost/app' }),
    }),
  ],
})
export class AppModule {}
