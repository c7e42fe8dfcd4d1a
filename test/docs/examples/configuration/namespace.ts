// app.module.ts
import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { LalamoveModule } from 'nestjs-lalamove';
import { lalamoveConfig } from './lalamove.config.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    LalamoveModule.forRootAsync({ ...lalamoveConfig.asProvider(), webhook: { path: 'webhooks/lalamove' } }),
  ],
})
export class AppModule {}
