import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, envFilePath: [`.env.${process.env.NODE_ENV ?? 'development'}`, '.env'] }),
    LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv() }),
  ],
})
export class AppModule {}
