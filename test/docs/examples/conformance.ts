import { runConformance, type Difference } from 'nestjs-lalamove/conformance';

export async function differencesOf(
  apiKey: string,
  apiSecret: string,
  baseUrl: string,
): Promise<readonly Difference[]> {
  const reference = { unknowns: { reorderedQuotation: 'refused' } } as const;
  const { differences } = await runConformance({ apiKey, apiSecret, market: 'HK', baseUrl, reference });
  return differences;
}
