import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { AbstractHttpAdapter, ModuleRef } from '@nestjs/core';
import { Server as HttpsServer } from 'node:https';
import { Server } from 'node:net';
import type { LalamoveSandbox } from '../sandbox/lalamove-sandbox.js';
import { LalamoveWebhookMount } from '../webhooks/endpoint/webhook-mount.js';
import { LalamoveWebhookRegistrations } from '../webhooks/endpoint/webhook-registrations.js';
import type { SandboxedOptions } from './sandboxed-options.js';

/** The parts that {@link SandboxedApp} connects. */
export interface SandboxedAppParts {
  readonly sandbox: LalamoveSandbox;
  readonly options: SandboxedOptions;
  readonly moduleRef: ModuleRef;
  /** Its adapter is missing in an app without an HTTP server. */
  readonly adapterHost: { readonly httpAdapter: Pick<AbstractHttpAdapter, 'getHttpServer'> | undefined };
}

/** Sends the sandbox's webhooks to the app as soon as it listens, and stops the sandbox with the app. */
export class SandboxedApp implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly parts: SandboxedAppParts) {}

  /** The app's own URL is not registered, so the registrations must not wait for it. */
  onModuleInit(): void {
    const { moduleRef, options } = this.parts;
    if (options.accounts.length === 0) return;
    const registrations = moduleRef.get(LalamoveWebhookRegistrations, { strict: false });
    for (const { name } of options.accounts) registrations.urlConfigured(name);
  }

  onApplicationBootstrap(): void {
    const server: unknown = this.parts.adapterHost.httpAdapter?.getHttpServer();
    if (!(server instanceof Server)) return;
    // Each time, because supertest lets the server listen for each of its requests.
    server.on('listening', () => {
      this.#setUrls(server);
    });
    this.#setUrls(server);
  }

  /** In the last phase of the shutdown, when the modules have ended their work. */
  async onApplicationShutdown(): Promise<void> {
    await this.parts.sandbox.stop();
  }

  #setUrls(server: Server): void {
    const address = server.address();
    if (address === null || typeof address === 'string') return;
    const { sandbox, options, moduleRef } = this.parts;
    const origin = `${server instanceof HttpsServer ? 'https' : 'http'}://${hostOf(address.address)}:${address.port}`;
    for (const { apiKey, market, path } of options.accounts) {
      if (path === undefined) continue;
      const full = moduleRef.get(LalamoveWebhookMount, { strict: false }).fullPath(path);
      sandbox.setWebhookUrl(origin + full, { apiKey, market });
    }
  }
}

/** The host by which this machine reaches a listening address. */
function hostOf(address: string): string {
  if (address === '::' || address === '0.0.0.0') return '127.0.0.1';
  return address.includes(':') ? `[${address}]` : address;
}
