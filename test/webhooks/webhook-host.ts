import { createHmac } from 'node:crypto';
import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import {
  Injectable,
  Module,
  type DynamicModule,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { LalamoveModule, OnLalamoveEvent, type LalamoveEvent, type LalamoveModuleOptions } from 'nestjs-lalamove';
import type { HostApp, Platform } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';

/** `data` of an event that every handler is for. */
export const STATUS_DATA = {
  order: { orderId: '3316227378875113604', status: 'PICKED_UP', previousStatus: 'ON_GOING', driverId: '80557' },
  updatedAt: '2025-09-10T19:21.00Z',
};

/** Notes every event that reaches a handler. */
@Injectable()
export class Ledger {
  readonly events: LalamoveEvent[] = [];

  @OnLalamoveEvent('*')
  onAny(event: LalamoveEvent): void {
    this.events.push(event);
  }
}

/** Keeps every line that an app logs, as one text each. */
export class LineLogger implements LoggerService {
  readonly lines: string[] = [];
  readonly log = this.#noted('log');
  readonly warn = this.#noted('warn');
  readonly error = this.#noted('error');
  readonly debug = this.#noted('debug');
  readonly verbose = this.#noted('verbose');

  /** The lines of a level. */
  of(level: string): string[] {
    return this.lines.filter((line) => line.startsWith(`${level}: `));
  }

  #noted(level: string): (...told: unknown[]) => void {
    return (...told) => {
      this.lines.push(`${level}: ${told.join(' ')}`);
    };
  }
}

/** The ways to make an app. */
export const MAKERS = ['NestFactory.create', 'Test.createTestingModule'] as const;

/** How a host is made. */
export interface WebhookHostOptions {
  readonly maker?: (typeof MAKERS)[number];
  readonly rawBody?: boolean;
  readonly logger?: LoggerService | false;
  /** With the adapter, before Nest has it. */
  readonly furnish?: (adapter: ExpressAdapter | FastifyAdapter) => void;
  /** With the app, before it starts. */
  readonly prepare?: (app: INestApplication) => void;
}

@Module({})
class HostModule {}

/** Starts an app on a real port, with whatever a host may have done to it; close it with `app.close()`. */
export async function startWebhookHost(
  platform: Platform,
  metadata: ModuleMetadata,
  { maker = 'NestFactory.create', rawBody = false, logger = false, furnish, prepare }: WebhookHostOptions = {},
): Promise<HostApp> {
  const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  furnish?.(adapter);
  const app = await made(maker, adapter, { module: HostModule, ...metadata }, { rawBody, logger });
  app.useLogger(logger);
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

async function made(
  maker: (typeof MAKERS)[number],
  adapter: ExpressAdapter | FastifyAdapter,
  module: DynamicModule,
  options: { rawBody: boolean; logger: LoggerService | false },
): Promise<INestApplication> {
  if (maker === 'NestFactory.create') return NestFactory.create(module, adapter, { ...options, abortOnError: false });
  const compiled = await Test.createTestingModule({ imports: [module] }).compile();
  return compiled.createNestApplication(adapter, options);
}

/** A host with one account, whose endpoint is at `/hooks`, and a ledger. */
export function oneAccount(
  webhook: LalamoveModuleOptions['webhook'] = {},
  more: Partial<LalamoveModuleOptions> = {},
): ModuleMetadata {
  return {
    imports: [LalamoveModule.forRoot({ ...KEYS, webhook: { path: 'hooks', ...webhook }, ...more })],
    providers: [Ledger],
  };
}

/** An answer to a webhook. */
export interface WebhookReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** How a webhook is sent. */
export interface SendOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Keeps connections for many requests. */
  readonly agent?: Agent;
  /** Before each piece of the body behind the first. */
  readonly pause?: () => Promise<unknown>;
}

/** Sends bytes just so: no header is added but those of the framing, and several pieces travel as several chunks. */
export async function send(
  url: string,
  body: string | Uint8Array | readonly (string | Uint8Array)[],
  { method = 'POST', headers = {}, agent, pause = setImmediate }: SendOptions = {},
): Promise<WebhookReply> {
  const pieces = typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
  const framing = pieces.length === 1 ? { 'content-length': Buffer.byteLength(pieces[0] ?? '') } : {};
  const request = httpRequest(url, { method, headers: { ...framing, ...headers }, agent: agent ?? false });
  const reply = new Promise<WebhookReply>((resolve, reject) => {
    request.on('response', (response) => {
      const chunks: Uint8Array[] = [];
      response.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, text: Buffer.concat(chunks).toString() });
      });
    });
    request.on('error', reject);
  });
  // It may end before the last piece has gone; whoever waits for it is told then.
  reply.catch(() => undefined);
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await pause();
    request.write(piece);
  }
  request.end();
  return reply;
}

/** A signature of Lalamove's, made apart from the package's own code. */
export function signatureOf(secret: string, timestamp: string, path: string, data: string | Uint8Array): string {
  return createHmac('sha256', secret).update(`${timestamp}\r\nPOST\r\n${path}\r\n\r\n`).update(data).digest('hex');
}

/** Now, in Unix seconds. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
