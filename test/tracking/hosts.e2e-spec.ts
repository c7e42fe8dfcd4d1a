import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Injectable,
  Module,
  SetMetadata,
  ValidationPipe,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import { LalamoveModule } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import {
  DeliveriesTracking,
  DeliveriesTrackingModule,
  DeliveriesTrackingOptionsException,
  type DeliveriesTrackingOptions,
} from 'nestjs-lalamove/tracking';
import { accountOn } from '../support/account.js';
import { PLATFORMS, startHost } from '../support/host-app.js';
import { EverythingFilter, WrappingInterceptor } from '../support/host-enhancers.js';
import { bookingOf } from '../support/sample-booking.js';
import { fetchPage, SECRET, TRACKING } from './tracking-host.js';

const Public = (): ReturnType<typeof SetMetadata> => SetMetadata('isPublic', true);

/** Lets nobody in, apart from what is public. */
@Injectable()
class LoginGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    return this.reflector.getAllAndOverride<boolean>('isPublic', [context.getHandler(), context.getClass()]);
  }
}

describe.each(PLATFORMS)('the tracking page in a host on %s', (platform) => {
  let sandbox: LalamoveSandbox;
  let app: INestApplication;
  let url: string;

  afterEach(async () => {
    await app.close();
    await sandbox.stop();
  });

  async function start(
    options: Partial<DeliveriesTrackingOptions>,
    prepare: (app: INestApplication) => void = () => undefined,
    providers: NonNullable<Parameters<typeof Module>[0]['providers']> = [],
  ): Promise<string> {
    sandbox = await LalamoveSandbox.start({ drivers: 'still' });
    const imports = [
      LalamoveModule.forRoot(accountOn(sandbox)),
      DeliveriesModule.forRoot({ database: { file: ':memory:' } }),
      DeliveriesTrackingModule.forRoot({ ...TRACKING, ...options }),
    ];
    ({ app, url } = await startHost(platform, { imports, providers }, prepare));
    await app.get(DeliveriesService).book(bookingOf('A-1'));
    return app.get(DeliveriesTracking).linkFor('A-1');
  }

  /** The page, its code, and its stream. */
  async function expectServed(link: string): Promise<void> {
    const { status, config, headers, text } = await fetchPage(url + link);
    expect([status, config.kind]).toEqual([200, 'delivery']);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    const [, src = ''] = /<script type="module" src="([^"]+)"/.exec(text) ?? [];
    const code = await fetch(new URL(src, url + link));
    expect([code.status, code.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    const again = await fetch(new URL(src, url + link), {
      headers: { 'if-none-match': code.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
    const stream = await fetch(new URL(`${String(config.here)}live`, url + link));
    expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await stream.body?.cancel();
  }

  it('has the headers of a page that nobody may frame, store or find', async () => {
    const link = await start({});
    const { headers } = await fetchPage(url + link);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'x-robots-tag': 'noindex, nofollow',
    });
    await expectServed(link);
    expect((await fetch(url + link, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(url + link, { method: 'POST' })).status).toBe(404);
  });

  it('is behind a guard of the host, unless a decorator opens it', async () => {
    const guard = [{ provide: APP_GUARD, useClass: LoginGuard }];
    const closed = await start({}, undefined, guard);
    expect((await fetch(url + closed)).status).toBe(403);
    expect((await fetch(`${url}${closed}/live`)).status).toBe(403);
    await app.close();
    await sandbox.stop();
    await expectServed(await start({ decorators: [Public()] }, undefined, guard));
  });

  it('holds under a global prefix', async () => {
    const link = await start({}, (host) => host.setGlobalPrefix('api/shop'));
    expect(link).toMatch(/^\/api\/shop\/track\//);
    await expectServed(link);
  });

  it('holds if its routes are excluded from the prefix', async () => {
    const link = await start({ path: '/follow/me/' }, (host) =>
      host.setGlobalPrefix('api', { exclude: ['follow/me/*path'] }),
    );
    expect(link).toMatch(/^\/follow\/me\/[\w-]+$/);
    await expectServed(link);
  });

  it.each([
    { type: VersioningType.URI, defaultVersion: '1' } as const,
    { type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' } as const,
    { type: VersioningType.MEDIA_TYPE, key: 'v=' } as const,
  ])('holds under versioning %j', async (versioning) => {
    const link = await start({}, (host) => {
      host.enableVersioning(versioning);
      host.setGlobalPrefix('api');
    });
    expect(link).toMatch(/^\/api\/track\//);
    await expectServed(link);
  });

  it('is not changed by interceptors, pipes and filters of the host', async () => {
    const link = await start(
      {},
      (host) =>
        host.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true })),
      [
        { provide: APP_INTERCEPTOR, useClass: WrappingInterceptor },
        { provide: APP_FILTER, useClass: EverythingFilter },
      ],
    );
    await expectServed(link);
    const { status, config } = await fetchPage(`${url}/track/${'B'.repeat(56)}`);
    expect([status, config.kind]).toEqual([404, 'gone']);
  });

  it.each([
    ['?lang=zh_HK', '', 'zh-HK', 'ltr'],
    ['?lang=ar', 'th', 'ar', 'rtl'],
    ['?lang=xx', 'pt-PT,pt;q=0.9', 'pt-BR', 'ltr'],
    ['', 'de, vi;q=0.4', 'vi', 'ltr'],
    ['', 'de', 'en', 'ltr'],
  ])('speaks for %s and the browser languages %s', async (query, accepted, language, direction) => {
    const link = await start({});
    const { text, config } = await fetchPage(`${url}${link}${query}`, { 'accept-language': accepted });
    expect(text).toContain(`<html lang="${language}" dir="${direction}">`);
    expect(config.language).toBe(language);
  });

  it('speaks one language if the host says so', async () => {
    const link = await start({ language: 'ms' });
    expect((await fetchPage(`${url}${link}?lang=th`)).config.language).toBe('ms');
  });

  it('serves a logo of the host, and the name as text', async () => {
    const name = '</script><img src=x onerror=alert(1)>';
    const logo = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg"/>')}`;
    const link = await start({ brand: { name, logo } });
    const { text } = await fetchPage(url + link);
    expect(text).not.toContain('<img');
    const served = await fetch(new URL('files/logo', url + link));
    expect([served.status, served.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
    // An SVG that is opened by itself must not run.
    expect(served.headers.get('content-security-policy')).toContain('sandbox');
    expect((await fetch(new URL('files/nothing.js', url + link))).status).toBe(404);
  });
});

describe('the options of DeliveriesTrackingModule', () => {
  const problemsOf = (options: object): readonly string[] => {
    try {
      Reflect.apply(DeliveriesTrackingModule.forRoot.bind(DeliveriesTrackingModule), undefined, [options]);
      return [];
    } catch (error) {
      if (error instanceof DeliveriesTrackingOptionsException) return error.problems;
      throw error;
    }
  };

  it('are listed with all their problems, without a secret', () => {
    const problems = problemsOf({
      path: 'track/:id',
      secret: 'short secret',
      brand: { accent: 'red' },
      expiresAfter: 'soon',
      publicUrl: 'https://user:pass@shop.example/track',
      language: 'fr',
      tiles: { url: 'x' },
      driverPhone: 'yes',
      colour: 1,
    });
    const names = [
      'path',
      'secret',
      'brand.name',
      'brand.accent',
      'publicUrl',
      'expiresAfter',
      'driverPhone',
      'tiles',
      'language',
      'colour',
    ];
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(names);
    expect(problems.join()).not.toContain('short secret');
    expect(problemsOf(TRACKING)).toEqual([]);
  });

  it.each([
    [{ ...TRACKING, secret: undefined }, /^secret is missing/],
    [{ ...TRACKING, secrets: [SECRET] }, /exclude each other/],
    [{ ...TRACKING, secret: 'a'.repeat(64) }, /^secret must be/],
    [{ ...TRACKING, secret: undefined, secrets: [] }, /^secrets must be/],
  ])('need one good secret', (options, problem) => {
    expect(problemsOf(options)).toEqual([expect.stringMatching(problem)]);
  });

  it('may come from a factory or a class, with the path beside it', async () => {
    const sandbox = await LalamoveSandbox.start();
    const { path, ...settings } = TRACKING;
    class Settings {
      createTrackingSettings(): typeof settings {
        return settings;
      }
    }
    for (const form of [{ useFactory: () => Promise.resolve(settings) }, { useClass: Settings }]) {
      const { app } = await startHost('express', {
        imports: [
          LalamoveModule.forRoot(accountOn(sandbox)),
          DeliveriesModule.forRoot({ database: { file: ':memory:' } }),
          DeliveriesTrackingModule.forRootAsync({ path, ...form }),
        ],
      });
      await app.get(DeliveriesService).book(bookingOf('A-1'));
      expect(await app.get(DeliveriesTracking).linkFor('A-1')).toMatch(/^\/track\//);
      await app.close();
    }
    const wrong = startHost('express', {
      imports: [DeliveriesTrackingModule.forRootAsync({ path, useFactory: () => ({ ...settings, secret: 'x' }) })],
    });
    await expect(wrong).rejects.toThrow('secret must be');
    await sandbox.stop();
  });
});
