import type { LalamoveModuleOptions } from 'nestjs-lalamove';
import type { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

/** The options of an account on a sandbox, with short timeouts, and without rate limits, which most tests exceed. */
export function accountOn(sandbox: LalamoveSandbox, more: Partial<LalamoveModuleOptions> = {}): LalamoveModuleOptions {
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  return { apiKey, apiSecret, market: 'HK', baseUrl, retry: { maxAttempts: 1 }, rateLimit: false, ...more };
}
