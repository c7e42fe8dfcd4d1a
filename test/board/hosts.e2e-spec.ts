import {
  Injectable,
  Module,
  ValidationPipe,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestApplicationOptions,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { LalamoveModule } from 'nestjs-lalamove';
import {
  DeliveriesBoardModule,
  DeliveriesBoardOptionsException,
  type BoardSettings,
  type BoardSettingsFactory,
  type DeliveriesBoardOptions,
} from 'nestjs-lalamove/board';
import { DeliveriesModule, DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { PLATFORMS, startHost } from '../support/host-app.js';
import { EverythingFilter, WrappingInterceptor } from '../support/host-enhancers.js';
import { bookingOf } from '../support/sample-booking.js';
import { ask, BOARD, openStream, OperatorGuard, PATH } from './board-host.js';

@Injectable()
class Sessions {
  isOpen(name: string | undefined): boolean {
    return name === 'clerk-7';
  }
}

@Module({ providers: [Sessions], exports: [Sessions] })
class SessionsModule {}

@Injectable()
class SessionGuard implements CanActivate {
  constructor(private readonly sessions: Sessions) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    return this.sessions.isOpen(headers['x-operator']);
  }
}

class SettingsFactory implements BoardSettingsFactory {
  createBoardSettings(): BoardSettings {
    return { readOnly: true };
  }
}

describe.each(PLATFORMS)('the board in a host on %s', (platform) => {
  let sandbox: LalamoveSandbox;
  let app: INestApplication;
  let url: string;

  afterEach(async () => {
    await app.close();
    await sandbox.stop();
  });

  async function start(
    module: ReturnType<typeof DeliveriesBoardModule.forRoot>,
    prepare: (app: INestApplication) => void = () => undefined,
    providers: NonNullable<Parameters<typeof Module>[0]['providers']> = [],
    options: NestApplicationOptions = {},
  ): Promise<void> {
    sandbox = await LalamoveSandbox.start({ drivers: 'still' });
    const imports = [
      LalamoveModule.forRoot(accountOn(sandbox)),
      DeliveriesModule.forRoot({ database: { file: ':memory:' } }),
      module,
    ];
    ({ app, url } = await startHost(platform, { imports, providers }, prepare, options));
    await app.get(DeliveriesService).book(bookingOf('A-1'));
  }

  const board = (options: Partial<DeliveriesBoardOptions> = {}): ReturnType<typeof DeliveriesBoardModule.forRoot> =>
    DeliveriesBoardModule.forRoot({ ...BOARD, ...options });

  /** The page, its code, its data, its stream and an action, each at the address that the page computes. */
  async function expectServed(path: string, isReadOnly = false): Promise<void> {
    const at = `${url}${path}`;
    const page = await ask(at);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const [, json = ''] = /id="page-config">(.*)<\/script>/.exec(page.text) ?? [];
    const { base } = Object(JSON.parse(json)) as { base: string };
    const route = (name: string): string => String(new URL(`${base}${name}`, at));
    const code = await ask(route('files/app.js'));
    expect([code.status, code.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    const again = await ask(route('files/app.js'), {
      operator: 'clerk-7',
      headers: { 'if-none-match': code.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
    expect((await ask(route('files/nothing.js'))).status).toBe(404);
    const summary = await ask(route('data/summary'));
    expect([summary.status, summary.body]).toEqual([200, expect.objectContaining({ unknownAttempts: 0, wallets: [] })]);
    const list = await ask(route('data/deliveries'));
    expect(list.body).toMatchObject({ deliveries: [{ reference: 'A-1', recipients: ['Ada'] }] });
    const stream = await openStream(route('data/stream'));
    expect([stream.status, stream.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
    stream.close();
    const canceled = await ask(route('actions/cancel'), {
      operator: 'clerk-7',
      method: 'POST',
      body: { reference: 'A-1' },
    });
    expect(canceled.status).toBe(isReadOnly ? 403 : 200);
    if (!isReadOnly) expect(canceled.body).toMatchObject({ reference: 'A-1' });
  }

  it('is served with its files, data, stream and actions', async () => {
    await start(board());
    await expectServed(`/${PATH}`);
  });

  it('holds under a global prefix', async () => {
    await start(board(), (host) => host.setGlobalPrefix('api/shop'));
    await expectServed(`/api/shop/${PATH}`);
    expect((await ask(`${url}/${PATH}`)).status).toBe(404);
  });

  it('holds where it is excluded from the prefix', async () => {
    await start(board(), (host) => host.setGlobalPrefix('api', { exclude: ['operations/*path'] }));
    await expectServed(`/${PATH}`);
  });

  it.each([
    { type: VersioningType.URI, defaultVersion: '1' },
    { type: VersioningType.HEADER, header: 'x-version', defaultVersion: '2' },
  ] as const)('holds under versioning by %j', async (versioning) => {
    await start(board(), (host) => host.enableVersioning(versioning).setGlobalPrefix('api'));
    await expectServed(`/api/${PATH}`);
  });

  it('is not damaged by interceptors, pipes and filters of the host', async () => {
    await start(
      board(),
      (host) => {
        host.useGlobalInterceptors(new WrappingInterceptor());
        host.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }));
        host.useGlobalFilters(new EverythingFilter());
      },
      [
        { provide: APP_INTERCEPTOR, useClass: WrappingInterceptor },
        { provide: APP_PIPE, useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }) },
        { provide: APP_FILTER, useClass: EverythingFilter },
      ],
    );
    await expectServed(`/${PATH}`);
    const unknown = await ask(`${url}/${PATH}/data/delivery?reference=none`);
    expect([unknown.status, unknown.body]).toEqual([
      404,
      expect.objectContaining({ code: 'LALAMOVE_DELIVERY_NOT_FOUND' }),
    ]);
    // What the guard throws is answered by the host.
    expect((await ask(`${url}/${PATH}`, {})).status).toBe(418);
  });

  it.each([{ bodyParser: false }, { rawBody: true }])('reads actions in a host with %j', async (options) => {
    // Fastify has a parser of its own without Nest's, which refuses nothing that the page sends.
    await start(board(), undefined, undefined, options);
    await expectServed(`/${PATH}`);
    const long = await ask(`${url}/${PATH}/actions/resolve`, {
      operator: 'clerk-7',
      method: 'POST',
      body: { reference: 'x'.repeat(2_000_000) },
    });
    expect(long.status).toBe(413);
  });

  it('answers HEAD for a stream at once', async () => {
    await start(board());
    const { status, headers } = await ask(`${url}/${PATH}/data/stream`, { operator: 'clerk-7', method: 'HEAD' });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });

  it('resolves its guard with providers of other modules', async () => {
    await start(board({ guard: SessionGuard, imports: [SessionsModule] }));
    expect((await ask(`${url}/${PATH}`, { operator: 'other' })).status).toBe(403);
    await expectServed(`/${PATH}`);
  });

  it('takes an instance of a guard, and several guards', async () => {
    await start(board({ guard: [new OperatorGuard(), { canActivate: () => true }] }));
    expect((await ask(`${url}/${PATH}`, {})).status).toBe(401);
    await expectServed(`/${PATH}`);
  });

  it('takes its settings from a class', async () => {
    const { path, guard } = BOARD;
    await start(DeliveriesBoardModule.forRootAsync({ path, guard, useClass: SettingsFactory }));
    await expectServed(`/${PATH}`, true);
  });
});

describe('the options of DeliveriesBoardModule', () => {
  it.each([
    [{ path: 'board' }, ['guard is missing: it must be a guard of Nest']],
    [{ path: 'board', guard: undefined }, ['guard is missing']],
    [{ path: 'board', guard: class NoGuard {} }, ['guard must be a guard']],
    [{ path: 'board', guard: [] }, ['guard must be a guard']],
    [{ path: ':id', guard: 1, readOnly: 'no', user: 'me' }, ['path must', 'guard must', 'readOnly must', 'user must']],
    [{ path: 'board', guard: OperatorGuard, origins: ['https://a.example/x'] }, ['origins must']],
    [{ path: 'board', guard: OperatorGuard, tiles: { url: 'x' } }, ['tiles url']],
    [{ path: 'board', guard: OperatorGuard, gaurd: 1 }, ['gaurd is not an option']],
  ])('%# are refused with every problem', (options, problems) => {
    const create = (): unknown => DeliveriesBoardModule.forRoot(options as unknown as DeliveriesBoardOptions);
    expect(create).toThrow(DeliveriesBoardOptionsException);
    for (const problem of problems) expect(create).toThrow(problem);
  });

  it('are refused without a guard beside a factory, too', () => {
    const options = { path: 'board', useFactory: () => ({}) } as unknown as Parameters<
      typeof DeliveriesBoardModule.forRootAsync
    >[0];
    expect(() => DeliveriesBoardModule.forRootAsync(options)).toThrow('guard is missing');
  });
});
