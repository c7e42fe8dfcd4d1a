import { Injectable, Module } from '@nestjs/common';
import { InjectLalamove, LalamoveModule, lalamoveOptionsFromEnv, LalamoveService } from 'nestjs-lalamove';

/** Stands for `ConfigService` of `@nestjs/config`. */
@Injectable()
export class ConfigService {
  get(name: string): string | undefined {
    return process.env[name];
  }

  getOrThrow(name: string): string {
    const value = process.env[name];
    if (value === undefined) throw new Error(`${name} is not set.`);
    return value;
  }
}

/** Stands for `ConfigModule` of `@nestjs/config`. */
@Module({ providers: [ConfigService], exports: [ConfigService] })
export class ConfigModule {}

@Injectable()
export class Regions {
  constructor(
    readonly hongKong: LalamoveService, // the account without a name
    @InjectLalamove('thailand') readonly thailand: LalamoveService,
  ) {}
}

@Module({
  imports: [
    LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv() }),
    LalamoveModule.forRootAsync({
      name: 'thailand',
      useFactory: () => lalamoveOptionsFromEnv(process.env, 'LALAMOVE_TH_'),
    }),
  ],
  providers: [Regions],
})
export class AppModule {}

export const fromConfig = (): ReturnType<typeof LalamoveModule.forRootAsync> => {
  return LalamoveModule.forRootAsync({
    imports: [ConfigModule],
    inject: [ConfigService],
    useFactory: (config: ConfigService) => ({
      apiKey: config.getOrThrow('LALAMOVE_API_KEY'),
      apiSecret: config.getOrThrow('LALAMOVE_API_SECRET'),
      market: 'HK',
      baseUrl: config.get('LALAMOVE_BASE_URL'), // a sandbox; Lalamove itself if it is not set
      errors: { status: 'gateway' },
    }),
  });
};

export const fromEnvironment = (): ReturnType<typeof LalamoveModule.forRootAsync> => {
  return LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv() });
};

@Injectable()
export class Merchants {
  constructor(private readonly lalamove: LalamoveService) {}

  async priceOf(quotationId: string, { apiKey, apiSecret }: { apiKey: string; apiSecret: string }): Promise<string> {
    const lalamove = this.lalamove.forAccount({ apiKey, apiSecret, market: 'HK' });
    return (await lalamove.getQuotation(quotationId)).priceBreakdown.total;
  }
}

const lalamove = LalamoveModule.forRootAsync({ isGlobal: false, useFactory: () => lalamoveOptionsFromEnv() });

@Module({ imports: [lalamove] })
export class OrdersModule {}

@Module({ imports: [lalamove] })
export class ReturnsModule {}
