import { Inject, type InjectionToken } from '@nestjs/common';
import { LalamoveService } from './lalamove.service.js';
import { LalamoveWebhooks } from './webhooks/lalamove-webhooks.js';

/** The token of an account's `LalamoveService`: the class for the default account, a string for a named one. */
export function getLalamoveToken(name?: string): InjectionToken<LalamoveService> {
  return name === undefined ? LalamoveService : `nestjs-lalamove:service:${name}`;
}

/** The token of an account's `HttpService`. Use it to add interceptors, or to override the service in a test. */
export function getLalamoveHttpToken(name?: string): string {
  return `nestjs-lalamove:http:${name ?? ''}`;
}

/** Injects the `LalamoveService` of an account; without a name, that of the default account. */
export function InjectLalamove(name?: string): ReturnType<typeof Inject> {
  return Inject(getLalamoveToken(name));
}

/** The token of an account's `LalamoveWebhooks`: the class for the default account, a string for a named one. */
export function getLalamoveWebhooksToken(name?: string): InjectionToken<LalamoveWebhooks> {
  return name === undefined ? LalamoveWebhooks : `nestjs-lalamove:webhooks:${name}`;
}

/** Injects the `LalamoveWebhooks` of an account; without a name, that of the default account. */
export function InjectLalamoveWebhooks(name?: string): ReturnType<typeof Inject> {
  return Inject(getLalamoveWebhooksToken(name));
}
