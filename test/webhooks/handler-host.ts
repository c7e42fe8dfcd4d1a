import { afterEach, beforeEach, describe, jest } from '@jest/globals';
import {
  Controller,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type INestApplication,
  type ModuleMetadata,
  type NestInterceptor,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import {
  OnLalamoveEvent,
  type OrderStatusChangedEvent,
  type LalamoveEvent,
  type LalamoveModuleOptions,
  type OrderCreatedEvent,
  type UnknownLalamoveEvent,
  type WalletBalanceChangedEvent,
} from 'nestjs-lalamove';
import { PLATFORMS, type Platform } from '../support/host-app.js';
import { turn, until } from '../support/until.js';
import { WebhookHost, type LogBook } from './event-host.js';

/** The lines that the handlers and enhancers of a test write, in their order. */
class Lines {
  lines: string[] = [];

  add(line: string): void {
    this.lines.push(line);
  }

  clear(): void {
    this.lines = [];
  }
}

/** The journal of the current test. */
export const journal = new Lines();

/** Writes to the journal. An enhancer that injects it was created by Nest's injector. */
@Injectable()
export class Journal {
  add(line: string): void {
    journal.add(line);
  }
}

export const ORDER = { order: { orderId: '1', status: 'ASSIGNING_DRIVER' } };
export const WALLET = { balance: { currency: 'HKD', amount: '7' } };

abstract class Inherited {
  @OnLalamoveEvent('ORDER_CREATED')
  onCreated({ orderId }: OrderCreatedEvent): void {
    journal.add(`${this.constructor.name} inherited ${orderId}`);
  }
}

@Injectable()
export class Provider extends Inherited {
  @OnLalamoveEvent(['ORDER_STATUS_CHANGED', 'WALLET_BALANCE_CHANGED'])
  onEither({ eventType }: OrderStatusChangedEvent | WalletBalanceChangedEvent): void {
    journal.add(`list ${eventType}`);
  }

  @OnLalamoveEvent('ORDER_CREATED')
  @OnLalamoveEvent('WALLET_BALANCE_CHANGED')
  @OnLalamoveEvent(['WALLET_BALANCE_CHANGED', 'WALLET_BALANCE_CHANGED'])
  onBoth({ eventType }: OrderCreatedEvent | WalletBalanceChangedEvent): void {
    journal.add(`both ${eventType}`);
  }

  @OnLalamoveEvent('UNKNOWN')
  onNewer({ sentEventType }: UnknownLalamoveEvent): void {
    journal.add(`newer ${sentEventType}`);
  }
}

@Controller()
export class Controlled extends Inherited {
  @OnLalamoveEvent('*')
  onAny({ eventType }: LalamoveEvent): void {
    journal.add(`any ${eventType}`);
  }
}

export class Broken extends Error {}
export class Torn extends Error {}

/** An interceptor that writes its name and the result to the journal. */
export function intercepting(name: string): new (book: Journal) => NestInterceptor {
  @Injectable()
  class Interceptor implements NestInterceptor {
    constructor(private readonly book: Journal) {}

    intercept(_: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
      this.book.add(`${name} before`);
      return Promise.resolve(
        next.handle().pipe(
          map((value: unknown) => {
            this.book.add(`${name} after ${String(value)}`);
            return value;
          }),
        ),
      );
    }
  }
  return Interceptor;
}

export const MethodInterceptor = intercepting('method interceptor');

/** A host app for tests of handlers. Each test starts its own. */
export class HandlerHost {
  #host: WebhookHost | undefined;

  constructor(private readonly platform: Platform) {}

  get app(): INestApplication {
    return this.#started.app;
  }

  get log(): LogBook {
    return this.#started.log;
  }

  async start(
    metadata: ModuleMetadata,
    prepare?: (app: INestApplication) => void,
    account?: Partial<LalamoveModuleOptions>,
  ): Promise<void> {
    const providers = [Journal, ...(metadata.providers ?? [])];
    this.#host = await WebhookHost.start(this.platform, { ...metadata, providers }, prepare, account);
  }

  send(...given: Parameters<WebhookHost['send']>): Promise<number> {
    return this.#started.send(...given);
  }

  post(...given: Parameters<WebhookHost['post']>): Promise<number> {
    return this.#started.post(...given);
  }

  /** Waits until the journal has so many lines, and a few turns of the event loop for more. */
  async lines(count: number): Promise<string[]> {
    await until(() => journal.lines.length >= count);
    for (let turns = 0; turns < 3; turns += 1) await turn();
    return journal.lines;
  }

  async close(): Promise<void> {
    await this.#host?.close();
    this.#host = undefined;
  }

  get #started(): WebhookHost {
    if (!this.#host) throw new TypeError('The test has not started its host.');
    return this.#host;
  }
}

/** Declares tests of handlers on each platform, each with an empty journal. */
export function describeHandlers(title: string, declare: (host: HandlerHost) => void): void {
  describe.each(PLATFORMS)(`${title} on %s`, (platform) => {
    const host = new HandlerHost(platform);

    beforeEach(() => {
      journal.clear();
    });

    afterEach(async () => {
      jest.useRealTimers();
      await host.close();
    });

    declare(host);
  });
}
