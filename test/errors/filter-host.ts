import { afterEach, beforeEach, describe } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Query,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { firstValueFrom } from 'rxjs';
import { createLalamoveException, LalamoveService, type LalamoveErrorCode } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { PLATFORMS, startHost, type Platform } from '../support/host-app.js';

/** Throws the exception of any code, and one that is not Lalamove's. */
@Controller()
export class ThrowingController {
  @Get('throw')
  fail(@Query('code') code: LalamoveErrorCode): never {
    throw createLalamoveException(code, { requestId: 'r-1' });
  }

  @Get('other')
  other(): never {
    throw new HttpException('a host’s own', 418);
  }
}

@Controller()
export class OrdersController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Get('order')
  order(): Promise<unknown> {
    return this.lalamove.getOrder('1');
  }
}

/** Calls Lalamove with axios, without LalamoveService. */
@Controller()
export class RawController {
  constructor(private readonly http: HttpService) {}

  @Get('raw')
  async raw(@Query() { url, method = 'get', timeout = '1000' }: Record<string, string>): Promise<unknown> {
    const headers = { Authorization: 'hmac pk_test_raw:1655319070446:abcdef' };
    return (await firstValueFrom(this.http.request({ url, method, headers, timeout: Number(timeout) }))).data;
  }
}

/** A filter of the host, whose answers are marked. */
@Catch(HttpException)
export class HostFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: HttpException, host: ArgumentsHost): void {
    const body = { by: 'host', status: error.getStatus(), response: error.getResponse() };
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), body, error.getStatus());
  }
}

/** A logger that stores its error lines. */
export function recordingLogger(): { logger: LoggerService; logged: unknown[] } {
  const logged: unknown[] = [];
  const logger = { error: (line: unknown) => logged.push(line), log: () => undefined, warn: () => undefined };
  return { logger, logged };
}

/** The sandbox and the app of one test. */
export class FilterHost {
  #app: INestApplication | undefined;

  constructor(
    readonly platform: Platform,
    public sandbox: LalamoveSandbox,
  ) {}

  /** Starts the app. @returns its URL */
  async start(metadata: ModuleMetadata, prepare?: (app: INestApplication) => void): Promise<string> {
    const { app, url } = await startHost(this.platform, metadata, prepare);
    this.#app = app;
    return url;
  }

  /** Closes the app. */
  async close(): Promise<void> {
    await this.#app?.close();
    this.#app = undefined;
  }
}

/** Declares tests on each platform, each with a sandbox of its own. */
export function describeFilter(title: string, declare: (host: () => FilterHost) => void): void {
  describe.each(PLATFORMS)(`${title} on %s`, (platform) => {
    let host: FilterHost;

    beforeEach(async () => {
      host = new FilterHost(platform, await LalamoveSandbox.start());
    });

    afterEach(async () => {
      await host.close();
      await host.sandbox.stop();
    });

    declare(() => host);
  });
}
