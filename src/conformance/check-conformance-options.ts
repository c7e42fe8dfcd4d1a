import { marketFacts } from '../sandbox/state/market-facts.js';
import type { ConformanceOptions } from './conformance.options.js';
import { isLoopbackHost } from '../internal/is-loopback.js';

/**
 * Refuses keys and hosts with which real couriers would be ordered, and markets without known places.
 *
 * @throws RangeError that says what is wrong, without a key
 */
export function checkConformanceOptions({ apiKey, apiSecret, market, baseUrl, timeoutMs }: ConformanceOptions): void {
  if (!/^pk_test_[!-9;-~]+$/.test(apiKey)) {
    throw new RangeError('The API key must be a pk_test_ key of the sandbox: orders are placed.');
  }
  if (!/^sk_test_[!-9;-~]+$/.test(apiSecret))
    throw new RangeError('The secret must be an sk_test_ key of the sandbox.');
  if (!marketFacts(market.toUpperCase()))
    throw new RangeError('The market must be one that the sandbox knows, such as HK.');
  if (baseUrl !== undefined && !isAllowed(baseUrl)) {
    throw new RangeError('The base URL must be an http or https URL, and not production (rest.lalamove.com).');
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= 600_000)) {
    throw new RangeError('timeoutMs must be a number from 1 to 600000.');
  }
}

function isAllowed(baseUrl: string): boolean {
  if (!URL.canParse(baseUrl)) return false;
  const { protocol, username, search, hash, hostname } = new URL(baseUrl);
  const isPlain = /^https?:$/.test(protocol) && username === '' && search === '' && hash === '';
  const name = hostname.replace(/\.+$/, '');
  // Of Lalamove's own hosts, only those of the sandbox: production may have other names than the documented one.
  return isPlain && (!/(^|\.)lalamove\.com$/.test(name) || /(^|[.-])sandbox[.-]/.test(name));
}

/** Whether a base URL is on this machine, where nobody else is affected. */
export function isLoopback(baseUrl: string): boolean {
  return isLoopbackHost(new URL(baseUrl).host);
}
