import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { DeliveriesModule } from 'nestjs-lalamove/deliveries';
import { LalamoveTelemetryModule } from 'nestjs-lalamove/telemetry';

@Module({
  imports: [
    LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv() }),
    DeliveriesModule.forRoot({ database: { file: 'deliveries.db' } }),
    LalamoveTelemetryModule.forRoot(),
  ],
})
export class AppModule {}
