import type { TrackingPageConfig, TrackingView } from '../../tracking/tracking-view.js';
import { pageConfig } from '../shared/page-config.js';

/** What the server has written into the page. It is of the same version, so only its outline is checked. */
export function pageSettings(): TrackingPageConfig {
  return pageConfig(isSettings);
}

/** Whether the data of an event are a view. */
export function isView(value: unknown): value is TrackingView {
  return typeof value === 'object' && value !== null && Array.isArray(Reflect.get(value, 'timeline'));
}

function isSettings(value: unknown): value is TrackingPageConfig {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'here') === 'string';
}
