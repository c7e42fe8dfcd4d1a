import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { LalamoveModule, signWebhook, type LalamoveModuleOptions, type SignWebhookInput } from 'nestjs-lalamove';
import { startHost, type Platform } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';

/** The path of the endpoint of a {@link WebhookHost}. */
export const PATH = '/webhooks/lalamove';

/** A logger that stores errors and warnings. */
export class LogBook implements LoggerService {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  log(): void {
    return;
  }

  error(line: unknown): void {
    this.errors.push(String(line));
  }

  warn(line: unknown): void {
    this.warnings.push(String(line));
  }
}

/** A host app that receives webhooks, with its log. */
export class WebhookHost {
  private constructor(
    readonly app: INestApplication,
    readonly url: string,
    readonly log: LogBook,
  ) {}

  /** Starts an app whose default account has an endpoint. */
  static async start(
    platform: Platform,
    metadata: ModuleMetadata,
    prepare: (app: INestApplication) => void = () => undefined,
    account: Partial<LalamoveModuleOptions> = {},
  ): Promise<WebhookHost> {
    const log = new LogBook();
    const lalamove = LalamoveModule.forRoot({ ...KEYS, webhook: { path: PATH }, ...account });
    const imports = [lalamove, ...(metadata.imports ?? [])];
    const { app, url } = await startHost(platform, { ...metadata, imports }, (made) => {
      made.useLogger(log);
      prepare(made);
    });
    return new WebhookHost(app, url, log);
  }

  /** Sends a signed event. */
  async send(eventType: string, data: object, more: Partial<SignWebhookInput> = {}): Promise<number> {
    return this.post(signWebhook({ secret: KEYS.apiSecret, path: PATH, eventType, data, ...more }).body, more.path);
  }

  /** Posts a body. */
  async post(body: string, path = PATH): Promise<number> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(this.url + path, { method: 'POST', headers, body });
    await answer.text();
    return answer.status;
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** The `data` of a status event of an order. */
export function orderStatus(orderId: string, status = 'PICKED_UP'): object {
  return { order: { orderId, status, previousStatus: 'ON_GOING' } };
}
