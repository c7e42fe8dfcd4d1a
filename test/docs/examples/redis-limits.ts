import type { DynamicModule } from '@nestjs/common';
import { Redis } from 'ioredis';
import { LalamoveModule } from 'nestjs-lalamove';
import { redisRateLimitStore } from 'nestjs-lalamove/redis';

interface Settings {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly redisUrl: string;
}

/** An account whose limits are shared in Redis, and the client, which the app closes. */
export function withRedis({ apiKey, apiSecret, redisUrl }: Settings): { account: DynamicModule; client: Redis } {
  const client = new Redis(redisUrl);

  const account = LalamoveModule.forRoot({
    apiKey,
    apiSecret,
    market: 'HK',
    rateLimit: { store: redisRateLimitStore({ client }), processes: 4 },
  });
  return { account, client };
}
