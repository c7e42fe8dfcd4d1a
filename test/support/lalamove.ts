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
 * A `LalamoveService` as an app would have it, without an HTTP server around it, and without rate limits unless they are asked for; `prepare` may
 * add interceptors.
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

/** Keys that no sandbox knows, for servers that do not check them. */
export const KEYS = { apiKey: 'pk_test_public', apiSecret: 'sk_test_secret', market: 'HK' };

/** The exception that a promise ends with; fails where it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new TypeError('Something that is no error was thrown.', { cause: error });
  }
  throw new TypeError('It did not fail.');
}
