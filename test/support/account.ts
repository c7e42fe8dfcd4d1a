import type { LalamoveModuleOptions } from 'nestjs-lalamove';
import type { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

/** The options of an account on a sandbox, quick to give up, and without limits of its own: most tests make more calls than they allow. */
export function accountOn(sandbox: LalamoveSandbox, more: Partial<LalamoveModuleOptions> = {}): LalamoveModuleOptions {
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  return { apiKey, apiSecret, market: 'HK', baseUrl, retry: { maxAttempts: 1 }, rateLimit: false, ...more };
}
