import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, RequestMethod } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { isRecord } from '../../internal/is-record.js';
import { rooted } from './signed-paths.js';
import { LalamoveWebhookEndpoint } from './webhook-endpoint.js';

/** Mounts the endpoint on the HTTP adapter, before Nest's router and body parsers, so that it gets the exact bytes. */
@Injectable()
export class LalamoveWebhookMount {
  #isMounted = false;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    endpoint: LalamoveWebhookEndpoint,
  ) {
    // As early as possible, because middleware runs in the order in which it was added. A testing module has its
    // adapter only after its providers were created.
    const mount = (): void => {
      this.#mount(endpoint);
    };
    // Early versions of Nest 11 have no `init$`. There the adapter is set already.
    if ('init$' in adapterHost) adapterHost.init$.subscribe(mount);
    else mount();
  }

  /** Whether the app already listens. Modules that are loaded later get no bootstrap hooks. */
  get isServed(): boolean {
    return Reflect.get(this.adapterHost, 'listening');
  }

  /**
   * Mounts the answer to probes. Call it when the app has its routes: on Express the middleware then runs last. The
   * testing module of Nest 11.0.0 to 11.1.3 sets its adapter only now, so there the endpoint is mounted here, and reads
   * what body parsers kept.
   *
   * @returns `false` if the app has no HTTP adapter
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

  /** The full path for the option `path`: with the global prefix, unless the path is excluded from it. */
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
    // With `NestFactory.create` Fastify has its middleware plugin already. Then ours is the first middleware.
    if (!isFastifyType || hasMethods(fastify, 'use')) {
      adapter.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        if (!endpoint.serve(request, response)) next();
      });
      return;
    }
    if (!isFastify(fastify)) throw new TypeError('The Fastify adapter has no Fastify instance.');
    // Before Nest's middleware, which Nest registers later as a hook of this kind.
    fastify.addHook('onRequest', ({ raw: request }, reply, next) => {
      if (endpoint.serve(request, reply.raw)) reply.hijack();
      else next();
    });
  }
}

/** The part of Nest's `HttpServer` that is used here. */
interface Adapter {
  getType(): string;
  getInstance(): unknown;
  use(handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): unknown;
}

/** The part of a Fastify instance that is used here. Fastify is no dependency of this package. */
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
