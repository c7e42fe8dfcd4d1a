import { isRecord } from '../internal/is-record.js';
import type { OptionChecks } from '../internal/validate-options.js';
import { isBoolean, isFunction } from '../internal/value-checks.js';
import { moduleOptionProblems, optionsMessage } from '../nest/module-options.js';
import { tilesProblem, type MapTiles } from '../pages/page-headers.js';
import { PATH_CHECK } from '../pages/page-route.js';
import { DURATION_REMEDY, secondsOf, type LinkDuration } from './link-duration.js';
import { isPageLanguage, PAGE_LANGUAGES, type PageLanguage } from './page-language.js';
import { brandProblems, type TrackingBrand } from './tracking-brand.js';

/** What is known when the module is defined, so it stands beside the factory of `forRootAsync`. */
export interface TrackingRouteOptions {
  /** The path of the page, such as `'track'`: links are `track/…`. The global prefix comes before it. */
  path: string;
  /**
   * Decorators for the controller class of the page. If the app has a global guard, give the decorator that opens a
   * route: `decorators: [Public()]`.
   */
  decorators?: readonly ClassDecorator[];
}

/** Options of `DeliveriesTrackingModule` that a factory may return. */
export interface TrackingSettings {
  /** A random text of 32 characters or more, which signs and encrypts the links. Give `secret` or `secrets`. */
  secret?: string;
  /** Several secrets: the first one makes links, all of them open links. Put a new one first to replace the old one. */
  secrets?: readonly string[];
  /** Your name, logo, colour and contact. */
  brand: TrackingBrand;
  /**
   * The public address of the page, such as `'https://shop.example/track'`. With it `linkFor` returns whole URLs;
   * without it, paths.
   */
  publicUrl?: string;
  /**
   * How long a link is valid: minutes, hours or days.
   *
   * @default '14d'
   */
  expiresAfter?: LinkDuration;
  /**
   * Whether the recipient sees the driver's phone number while the driver is on the way.
   *
   * @default false
   */
  driverPhone?: boolean;
  /** A tile server for the map. Without one the map is a plain grid with a scale. */
  tiles?: MapTiles;
  /**
   * The language of the page. Without it, each visitor gets the language of `?lang` or of the browser.
   *
   * @default by visitor
   */
  language?: PageLanguage;
}

/** Options of `DeliveriesTrackingModule`. */
export interface DeliveriesTrackingOptions extends TrackingRouteOptions, TrackingSettings {}

/** Injection token of the checked {@link TrackingSettings}. */
export const TRACKING_SETTINGS = 'nestjs-lalamove:tracking:settings';

/** How long a link is valid, if the host does not say. */
export const DEFAULT_EXPIRY: LinkDuration = '14d';

/** Thrown at boot for wrong options. The message lists every problem and its remedy. */
export class DeliveriesTrackingOptionsException extends Error {
  override readonly name = 'DeliveriesTrackingOptionsException';

  /** @param problems one sentence for each */
  constructor(readonly problems: readonly string[]) {
    super(optionsMessage('DeliveriesTrackingModule', problems));
  }
}

const MIN_SECRET = 32;
const MAX_SECRETS = 8;
const SECRET = `a random text of at least ${MIN_SECRET} characters, such as the output of "openssl rand -base64 32"`;

/** Long enough, and not one character again and again. */
function isSecret(value: unknown): boolean {
  return typeof value === 'string' && value.length >= MIN_SECRET && new Set(value).size >= 8;
}

const ROUTE_CHECKS: OptionChecks<keyof TrackingRouteOptions> = {
  path: {
    ...PATH_CHECK,
    remedy: "must be a path without parameters, such as 'track'",
  },
  decorators: {
    holds: (value) => Array.isArray(value) && value.every(isFunction),
    remedy: 'must be a list of decorators, such as [Public()]',
  },
};

const SETTING_CHECKS: OptionChecks<keyof TrackingSettings> = {
  secret: { holds: isSecret, remedy: `must be ${SECRET}` },
  secrets: {
    holds: (value) =>
      Array.isArray(value) && value.length > 0 && value.length <= MAX_SECRETS && value.every((each) => isSecret(each)),
    remedy: `must be a list of 1 to ${MAX_SECRETS} secrets, each ${SECRET}`,
  },
  brand: {
    holds: isRecord,
    remedy: "must be { name, logo?, accent?, support? }, such as { name: 'Your shop' }",
    required: true,
    more: brandProblems,
  },
  publicUrl: {
    holds: (value) =>
      typeof value === 'string' && /^https?:\/\/[^?#\s]+$/.test(value) && URL.canParse(value) && isWithoutUser(value),
    remedy: "must be the http or https address of the page, such as 'https://shop.example/track'",
  },
  expiresAfter: { holds: (value) => secondsOf(value) !== undefined, remedy: DURATION_REMEDY },
  driverPhone: { holds: isBoolean, remedy: 'must be true or false' },
  tiles: { holds: (value) => tilesProblem(value) === undefined, remedy: (value) => tilesProblem(value) ?? '' },
  language: { holds: isPageLanguage, remedy: `must be one of ${PAGE_LANGUAGES.join(', ')}` },
};

function isWithoutUser(url: string): boolean {
  const { username, password } = new URL(url);
  return username === '' && password === '';
}

/** @throws DeliveriesTrackingOptionsException that lists every problem */
export function assertTrackingOptions(options: unknown): asserts options is DeliveriesTrackingOptions {
  const problems = [
    ...moduleOptionProblems(options, { ...ROUTE_CHECKS, ...SETTING_CHECKS }),
    ...secretProblems(options),
  ];
  if (problems.length > 0) throw new DeliveriesTrackingOptionsException(problems);
}

/** The problems of the options beside the factory. */
export function routeProblems(options: unknown): string[] {
  const { path, decorators } = isRecord(options) ? options : {};
  return moduleOptionProblems({ path, decorators }, ROUTE_CHECKS);
}

/** @throws DeliveriesTrackingOptionsException that lists every problem of what a factory has returned */
export function assertTrackingSettings(settings: unknown): asserts settings is TrackingSettings {
  const problems = [...moduleOptionProblems(settings, SETTING_CHECKS), ...secretProblems(settings)];
  if (problems.length > 0) throw new DeliveriesTrackingOptionsException(problems);
}

function secretProblems(options: unknown): string[] {
  if (!isRecord(options)) return [];
  const { secret, secrets } = options;
  if (secret === undefined && secrets === undefined) return [`secret is missing: it must be ${SECRET}.`];
  return secret !== undefined && secrets !== undefined
    ? ['secret and secrets exclude each other: give one of them.']
    : [];
}

/** The secrets, the one that makes links first. */
export function secretsOf({ secret, secrets = [] }: TrackingSettings): readonly [string, ...string[]] {
  const [first = '', ...others] = secret === undefined ? secrets : [secret];
  return [first, ...others];
}
