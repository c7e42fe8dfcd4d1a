import type { PageConfig } from '../../sandbox/ui/page-config.js';
import { pageConfig } from '../shared/page-config.js';

/** What the sandbox has told its page. */
export const CONFIG: PageConfig = pageConfig(isConfig);

function isConfig(value: unknown): value is PageConfig {
  return typeof value === 'object' && value !== null && 'choices' in value && 'apiKey' in value;
}
