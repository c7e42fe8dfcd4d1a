import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';

/** Production books real couriers, and nothing else does. */
function validate(env: Record<string, unknown>): Record<string, unknown> {
  const isProduction = env.STAGE === 'production';
  const isReal = String(env.LALAMOVE_API_KEY).startsWith('pk_prod_');
  if (isProduction !== isReal) throw new Error('LALAMOVE_API_KEY does not belong to STAGE.');
  return env;
}

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, validate }),
    LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv() }),
  ],
})
export class AppModule {}
