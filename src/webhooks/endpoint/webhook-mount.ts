import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, RequestMethod } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { isRecord } from '../../internal/is-record.js';
import { rooted } from './public-paths.js';
import { LalamoveWebhookEndpoint } from './webhook-endpoint.js';

/** Mounts the endpoint on the app's HTTP adapter, ahead of its router and of its body parsers, so that it sees the bytes as they came. */
@Injectable()
export class LalamoveWebhookMount {
  #isMounted = false;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    endpoint: LalamoveWebhookEndpoint,
  ) {
    // As soon as there is an adapter: what is added to it first is asked first. A testing module gets its own after its providers were made.
    const mount = (): void => {
      this.#mount(endpoint);
    };
    // Early versions of Nest 11 do not tell: there the adapter is looked for now.
    if ('init$' in adapterHost) adapterHost.init$.subscribe(mount);
    else mount();
  }

  /** Whether the app is served already: what is loaded from now on is told of no start. */
  get isServed(): boolean {
    return Reflect.get(this.adapterHost, 'listening');
  }

  /**
   * Called once the app has its routes: on Express whatever is added now is asked last. The testing module of Nest 11.0.0 to
   * 11.1.3 has its adapter only now: there the endpoint reads what body parsers have left.
   *
   * @returns `false` where there is no HTTP adapter to mount anything on
   */
  mountLast(endpoint: LalamoveWebhookEndpoint): boolean {
    this.#mount(endpoint);
    const adapter: unknown = this.adapterHost.httpAdapter;
    if (!isAdapter(adapter)) return false;
    if (adapter.getType() === 'fastify') return true;
    adapter.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      if (!endpoint.serveProbe(request, response)) next();
    });
    return true;
  }

  /** Where a path of the options lies: beneath the global prefix, unless it is excluded from that. */
  fullPath(path: string): string {
    const plain = rooted(path).replace(/\/+$/, '');
    const prefix = this.config.getGlobalPrefix().replace(/^\/+|\/+$/g, '');
    return prefix === '' || this.#isExcluded(plain) ? plain : `/${prefix}${plain}`;
  }

  #isExcluded(path: string): boolean {
    const { exclude = [] }: { exclude?: readonly unknown[] } = this.config.getGlobalPrefixOptions();
    return exclude.some((route) => {
      if (!isRecord(route) || !(route.pathRegex instanceof RegExp)) return false;
      const isAll = route.requestMethod === RequestMethod.ALL || route.requestMethod === -1;
      return (isAll || route.requestMethod === RequestMethod.POST) && route.pathRegex.test(path);
    });
  }

  #mount(endpoint: LalamoveWebhookEndpoint): void {
    const adapter: unknown = this.adapterHost.httpAdapter;
    if (!isAdapter(adapter) || this.#isMounted || this.isServed) return;
    this.#isMounted = true;
    const fastify: unknown = adapter.getInstance();
    const isFastifyType = adapter.getType() === 'fastify';
    if (isFastifyType && isFastify(fastify)) {
      fastify.addHook('onRequest', ({ raw: request, is404 }, reply, next) => {
        if (is404 && endpoint.serveProbe(request, reply.raw)) reply.hijack();
        else next();
      });
    }
    // `NestFactory.create` gives Fastify its middleware before there are providers: then ours is the first of them.
    if (!isFastifyType || hasMethods(fastify, 'use')) {
      adapter.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        if (!endpoint.serve(request, response)) next();
      });
      return;
    }
    if (!isFastify(fastify)) throw new TypeError('The Fastify adapter has no Fastify instance.');
    // Ahead of the middleware of Nest's, which become a hook of this kind later.
    fastify.addHook('onRequest', ({ raw: request }, reply, next) => {
      if (endpoint.serve(request, reply.raw)) reply.hijack();
      else next();
    });
  }
}

/** What is used of Nest's `HttpServer`. */
interface Adapter {
  getType(): string;
  getInstance(): unknown;
  use(handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): unknown;
}

/** What is used of a Fastify instance; Fastify itself is no dependency of ours. */
interface Fastify {
  addHook(
    name: 'onRequest',
    hook: (
      request: { raw: IncomingMessage; is404: boolean },
      reply: { raw: ServerResponse; hijack: () => void },
      next: () => void,
    ) => void,
  ): unknown;
}

function isAdapter(value: unknown): value is Adapter {
  return hasMethods(value, 'getType', 'getInstance', 'use');
}

function isFastify(value: unknown): value is Fastify {
  return hasMethods(value, 'addHook');
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}
