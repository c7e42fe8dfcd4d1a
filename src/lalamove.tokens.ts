import { Inject, type InjectionToken } from '@nestjs/common';
import { LalamoveService } from './lalamove.service.js';
import { LalamoveWebhooks } from './webhooks/lalamove-webhooks.js';

/** The token of an account's `LalamoveService`: the class for the default account, a string for a named one. */
export function getLalamoveToken(name?: string): InjectionToken<LalamoveService> {
  return name === undefined ? LalamoveService : `nestjs-lalamove:service:${name}`;
}

/** The token that an account's `HttpService` is provided under, to add interceptors or to override it in a test. */
export function getLalamoveHttpToken(name?: string): string {
  return `nestjs-lalamove:http:${name ?? ''}`;
}

/** Injects the `LalamoveService` of an account; without a name that of the default one. */
export function InjectLalamove(name?: string): ReturnType<typeof Inject> {
  return Inject(getLalamoveToken(name));
}

/** The token of an account's `LalamoveWebhooks`: the class for the default account, a string for a named one. */
export function getLalamoveWebhooksToken(name?: string): InjectionToken<LalamoveWebhooks> {
  return name === undefined ? LalamoveWebhooks : `nestjs-lalamove:webhooks:${name}`;
}

/** Injects the `LalamoveWebhooks` of an account; without a name those of the default one. */
export function InjectLalamoveWebhooks(name?: string): ReturnType<typeof Inject> {
  return Inject(getLalamoveWebhooksToken(name));
}
