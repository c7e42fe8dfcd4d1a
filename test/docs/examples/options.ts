import type { DynamicModule } from '@nestjs/common';
import { LalamoveModule } from 'nestjs-lalamove';

interface Keys {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Stand for a histogram and a counter of a metrics library. */
export const recorded: [value: number, attributes: object][] = [];
const duration = { record: (value: number, attributes: object) => recorded.push([value, attributes]) };
const retries = { add: (value: number, attributes: object) => recorded.push([value, attributes]) };

export function withSharedBudget({ apiKey, apiSecret }: Keys): DynamicModule {
  return LalamoveModule.forRoot({
    apiKey,
    apiSecret,
    market: 'HK',
    // Each keeps within a quarter of every budget.
    rateLimit: { processes: 4 },
  });
}

export function withHooks({ apiKey, apiSecret }: Keys): DynamicModule {
  return LalamoveModule.forRoot({
    apiKey,
    apiSecret,
    market: 'HK',
    hooks: {
      onResponse: ({ durationMs, attributes }) => {
        duration.record(durationMs / 1000, attributes); // http.client.request.duration
      },
      onRetry: ({ operation, error }) => {
        retries.add(1, { operation, code: error.code });
      },
    },
  });
}

export function forAPublicApi({ apiKey, apiSecret }: Keys): DynamicModule {
  return LalamoveModule.forRoot({
    apiKey,
    apiSecret,
    market: 'HK',
    errors: { status: 'gateway', format: 'problem' },
  });
}
