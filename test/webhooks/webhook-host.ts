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

/** The `data` of a status event. */
export const STATUS_DATA = {
  order: { orderId: '3316227378875113604', status: 'PICKED_UP', previousStatus: 'ON_GOING', driverId: '80557' },
  updatedAt: '2025-09-10T19:21.00Z',
};

/** Records every event that reaches a handler. */
@Injectable()
export class Ledger {
  readonly events: LalamoveEvent[] = [];

  @OnLalamoveEvent('*')
  onAny(event: LalamoveEvent): void {
    this.events.push(event);
  }
}

/** A logger that stores every line as one text. */
export class LineLogger implements LoggerService {
  readonly lines: string[] = [];
  readonly log = this.#recording('log');
  readonly warn = this.#recording('warn');
  readonly error = this.#recording('error');
  readonly debug = this.#recording('debug');
  readonly verbose = this.#recording('verbose');

  /** The lines of a level. */
  of(level: string): string[] {
    return this.lines.filter((line) => line.startsWith(`${level}: `));
  }

  #recording(level: string): (...values: unknown[]) => void {
    return (...values) => {
      this.lines.push(`${level}: ${values.join(' ')}`);
    };
  }
}

/** The ways to create an app. */
export const MAKERS = ['NestFactory.create', 'Test.createTestingModule'] as const;

/** Options of {@link startWebhookHost}. */
export interface WebhookHostOptions {
  readonly maker?: (typeof MAKERS)[number];
  readonly rawBody?: boolean;
  readonly logger?: LoggerService | false;
  /** Is called with the adapter before Nest gets it. */
  readonly furnish?: (adapter: ExpressAdapter | FastifyAdapter) => void;
  /** Is called with the app before it starts. */
  readonly prepare?: (app: INestApplication) => void;
}

@Module({})
class HostModule {}

/** Starts an app on a real port, with changes of the host. Close it with `app.close()`. */
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

/** Options of {@link send}. */
export interface SendOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** An agent that reuses connections. */
  readonly agent?: Agent;
  /** Is awaited before each chunk of the body except the first. */
  readonly pause?: () => Promise<unknown>;
}

/** Sends exact bytes, with no headers except those for the length. A list of pieces is sent in several chunks. */
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
  // The reply may fail before the last piece was sent; the caller gets the error from the returned promise.
  reply.catch(() => undefined);
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await pause();
    request.write(piece);
  }
  request.end();
  return reply;
}

/** A signature of Lalamove's, computed without the code of the package. */
export function signatureOf(secret: string, timestamp: string, path: string, data: string | Uint8Array): string {
  return createHmac('sha256', secret).update(`${timestamp}\r\nPOST\r\n${path}\r\n\r\n`).update(data).digest('hex');
}

/** Now, in Unix seconds. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
