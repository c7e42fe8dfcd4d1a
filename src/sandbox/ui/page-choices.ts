import { ENDPOINTS } from '../../api/endpoints.js';
import { ORDER_STATUSES } from '../../api/order-status.js';
import { WEBHOOK_EVENT_TYPES } from '../../api/webhook-event-types.js';
import { ERROR_CATALOG } from '../../errors/error-catalog.js';
import { REFUSAL_SHAPES } from '../api/refusal.js';
import { WEBHOOK_FAULTS } from '../faults/fault-rule.js';
import { DEFAULT_SECRET, type SandboxSettings } from '../sandbox-settings.js';
import { DRIVER_SCRIPTS } from '../simulation/driver-script.js';
import type { PageConfig } from './page-config.js';

/** The configuration of the page. It has no secret of yours: only that of a sandbox without options. */
export function pageConfig({ accounts, tiles }: SandboxSettings): PageConfig {
  const { apiKey = '', apiSecret } = accounts[0] ?? {};
  return {
    apiKey,
    ...(apiSecret === DEFAULT_SECRET && { apiSecret }),
    ...(tiles && { tiles }),
    choices: {
      calls: Object.keys(ENDPOINTS),
      // The others are what the client makes of a lost answer.
      codes: ERROR_CATALOG.map(({ code }) => code).filter((code) => code.startsWith('ERR_')),
      shapes: REFUSAL_SHAPES,
      statuses: ORDER_STATUSES,
      eventTypes: WEBHOOK_EVENT_TYPES,
      webhookFaults: WEBHOOK_FAULTS,
      scripts: [...Object.keys(DRIVER_SCRIPTS), 'mixed'],
    },
  };
}
