import { Logger, Module, type DynamicModule, type ModuleMetadata, type Provider } from '@nestjs/common';
import { ApplicationConfig, ModuleRef } from '@nestjs/core';
import { TrackedDeliveries } from '../deliveries/application/tracked-deliveries.js';
import { isRecord } from '../internal/is-record.js';
import { optionsToken } from '../lalamove.providers.js';
import { asyncFormProblems, type AsyncOptions } from '../nest/async-options.js';
import { foundIn } from '../nest/found-in.js';
import { settingsProviders } from '../nest/settings-providers.js';
import { DeliveriesTracking } from './deliveries-tracking.js';
import { LinkCodec } from './link-codec.js';
import { secondsOf } from './link-duration.js';
import { LiveViews } from './live-views.js';
import { pagePath } from './page-path.js';
import { RemoteImages } from './remote-images.js';
import { TrackingServer } from './tracking-server.js';
import { trackingController } from './tracking.controller.js';
import {
  assertTrackingOptions,
  assertTrackingSettings,
  DEFAULT_EXPIRY,
  DeliveriesTrackingOptionsException,
  routeProblems,
  secretsOf,
  TRACKING_SETTINGS,
  type DeliveriesTrackingOptions,
  type TrackingRouteOptions,
  type TrackingSettings,
} from './tracking.options.js';

/** A class that creates the settings, for `useClass` and `useExisting`. */
export interface TrackingSettingsFactory {
  /** Called once, at boot. */
  createTrackingSettings(): TrackingSettings | Promise<TrackingSettings>;
}

/**
 * Options of `DeliveriesTrackingModule.forRootAsync`: `path` and `decorators`, and exactly one of `useFactory`,
 * `useClass` and `useExisting`.
 */
export type DeliveriesTrackingAsyncOptions = Pick<ModuleMetadata, 'imports'> &
  TrackingRouteOptions &
  AsyncOptions<TrackingSettings, TrackingSettingsFactory>;

/**
 * The page on which the customer of a delivery sees where it is. Import it beside `DeliveriesModule`, and inject
 * `DeliveriesTracking` to make links.
 *
 * @example
 * DeliveriesTrackingModule.forRoot({
 *   path: 'track',
 *   secret: process.env.TRACKING_SECRET,
 *   brand: { name: 'Corner Bakery' },
 * })
 */
@Module({})
export class DeliveriesTrackingModule {
  /** @throws DeliveriesTrackingOptionsException that lists every problem */
  static forRoot(options: DeliveriesTrackingOptions): DynamicModule {
    assertTrackingOptions(options);
    const { path, decorators, ...settings } = options;
    const provider = { provide: TRACKING_SETTINGS, useValue: settings };
    return registration({ path, ...(decorators && { decorators }) }, [provider]);
  }

  /**
   * As {@link forRoot}, with settings from a provider. `path` and `decorators` stand beside the factory.
   *
   * @throws DeliveriesTrackingOptionsException if not exactly one of the forms is given, or the path cannot be used
   */
  static forRootAsync(options: DeliveriesTrackingAsyncOptions): DynamicModule {
    const problems = [...asyncFormProblems(options), ...routeProblems(options)];
    if (problems.length > 0) throw new DeliveriesTrackingOptionsException(problems);
    const ask = (factory: TrackingSettingsFactory): unknown => factory.createTrackingSettings();
    const module = registration(options, settingsProviders(options, { provide: TRACKING_SETTINGS, ask, checked }));
    return { ...module, imports: options.imports ?? [] };
  }
}

function checked(settings: unknown): TrackingSettings {
  assertTrackingSettings(settings);
  return settings;
}

/** The parts of one registration, in one provider, so that each of several registrations has its own. */
const CODEC: Provider = {
  provide: LinkCodec,
  inject: [TRACKING_SETTINGS],
  useFactory: (settings: TrackingSettings) => new LinkCodec(secretsOf(settings)),
};

function registration(route: TrackingRouteOptions, settings: Provider[]): DynamicModule {
  return {
    module: DeliveriesTrackingModule,
    global: true,
    controllers: [trackingController(route)],
    providers: [...settings, CODEC, trackingProvider(route.path), SERVER],
    exports: [DeliveriesTracking],
  };
}

function trackingProvider(path: string): Provider {
  return {
    provide: DeliveriesTracking,
    inject: [TRACKING_SETTINGS, LinkCodec, ModuleRef, ApplicationConfig],
    useFactory: (settings: TrackingSettings, codec: LinkCodec, moduleRef: ModuleRef, config: ApplicationConfig) => {
      const { publicUrl, expiresAfter = DEFAULT_EXPIRY } = settings;
      return new DeliveriesTracking({
        deliveries: () => trackedIn(moduleRef),
        codec,
        // The global prefix is set after the providers are created.
        base: () => publicUrl?.replace(/\/+$/, '') ?? pagePath(path, config),
        expirySeconds: secondsOf(expiresAfter) ?? 0,
      });
    },
  };
}

const SERVER: Provider = {
  provide: TrackingServer,
  inject: [TRACKING_SETTINGS, LinkCodec, ModuleRef],
  useFactory: (settings: TrackingSettings, codec: LinkCodec, moduleRef: ModuleRef) => {
    const deliveries = (): TrackedDeliveries => trackedIn(moduleRef);
    return new TrackingServer({
      settings,
      codec,
      views: new LiveViews({ deliveries, hasDriverPhone: settings.driverPhone === true }),
      images: new RemoteImages(),
      baseUrlOf: (account) => baseUrlIn(moduleRef, account),
      now: () => deliveries().now(),
      logger: new Logger('LalamoveTracking'),
    });
  },
};

function trackedIn(moduleRef: ModuleRef): TrackedDeliveries {
  const found = foundIn(moduleRef, TrackedDeliveries);
  if (found) return found;
  throw new Error(
    'DeliveriesTrackingModule needs DeliveriesModule: import DeliveriesModule.forRoot() in the same app.',
  );
}

/** The base URL of an account. One that `accounts.resolve` finds has that of the default account. */
function baseUrlIn(moduleRef: ModuleRef, account: string): string | undefined {
  const own = account === '' ? undefined : account;
  const options: unknown = foundIn(moduleRef, optionsToken(own)) ?? foundIn(moduleRef, optionsToken(undefined));
  return isRecord(options) && typeof options.baseUrl === 'string' ? options.baseUrl : undefined;
}
