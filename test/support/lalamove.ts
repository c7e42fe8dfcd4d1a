import type { HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import {
  getLalamoveHttpToken,
  getLalamoveToken,
  LalamoveModule,
  type LalamoveModuleOptions,
  type LalamoveService,
} from 'nestjs-lalamove';

/**
 * Creates a `LalamoveService` as in an app, without an HTTP server, and without rate limits unless the options have
 * them. `prepare` may add interceptors.
 */
export async function startLalamove(
  options: LalamoveModuleOptions,
  prepare?: (http: HttpService) => void,
  name?: string,
): Promise<{ lalamove: LalamoveService; close: () => Promise<void> }> {
  const module = await Test.createTestingModule({
    imports: [LalamoveModule.forRoot({ rateLimit: false, ...options })],
  }).compile();
  module.useLogger(false);
  prepare?.(module.get<HttpService>(getLalamoveHttpToken(name)));
  return { lalamove: module.get(getLalamoveToken(name)), close: () => module.close() };
}

/** Keys for servers that do not check them. */
export const KEYS = { apiKey: 'pk_test_public', apiSecret: 'sk_test_secret', market: 'HK' };

/** The exception with which a promise rejects. @throws TypeError if it resolves */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new TypeError('The thrown value is no Error.', { cause: error });
  }
  throw new TypeError('The promise did not reject.');
}
