export { DeliveriesTracking, type TrackingLinkOptions } from './deliveries-tracking.js';
export {
  DeliveriesTrackingModule,
  type DeliveriesTrackingAsyncOptions,
  type TrackingSettingsFactory,
} from './deliveries-tracking.module.js';
export type { LinkDuration } from './link-duration.js';
export type { MapTiles } from '../pages/page-headers.js';
export { PAGE_LANGUAGES, type PageLanguage } from './page-language.js';
export type { TrackingBrand } from './tracking-brand.js';
export {
  DeliveriesTrackingOptionsException,
  type DeliveriesTrackingOptions,
  type TrackingRouteOptions,
  type TrackingSettings,
} from './tracking.options.js';
