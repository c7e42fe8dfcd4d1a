import { type INestApplication, type ModuleMetadata, type NestApplicationOptions } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';

/** The HTTP platforms on which end-to-end tests run. */
export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** A host app on a real port. */
export interface HostApp {
  app: INestApplication;
  url: string;
}

/** Starts a host app; close it with `app.close()`. */
export async function startHost(
  platform: Platform,
  metadata: ModuleMetadata,
  prepare?: (app: INestApplication) => void,
  options: NestApplicationOptions = {},
): Promise<HostApp> {
  const module = await Test.createTestingModule(metadata).compile();
  const app =
    platform === 'fastify'
      ? module.createNestApplication(new FastifyAdapter(), options)
      : module.createNestApplication(options);
  app.useLogger(false);
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

/** An answer of a host app, with its whole body. */
export interface HostAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Makes a request with a JSON body. */
export async function request(method: string, url: string, body?: unknown): Promise<HostAnswer> {
  const response = await fetch(url, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? {} : JSON.parse(text);
  return { status: response.status, headers: response.headers, body: Object(parsed) as Record<string, unknown> };
}
