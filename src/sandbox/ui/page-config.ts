import type { MapTiles } from '../../pages/page-headers.js';

/** What the sandbox's page is told when it is loaded. It contains no secret but the one that every sandbox has. */
export interface PageConfig {
  /** The key of the first account. */
  readonly apiKey: string;
  /** The secret of the first account, if it is the public one of every sandbox. */
  readonly apiSecret?: string;
  readonly tiles?: MapTiles;
  /** What the forms offer. */
  readonly choices: {
    /** The calls of the API, by the names of their methods. */
    readonly calls: readonly string[];
    /** The codes of Lalamove's refusals. */
    readonly codes: readonly string[];
    readonly shapes: readonly string[];
    readonly statuses: readonly string[];
    readonly eventTypes: readonly string[];
    readonly webhookFaults: readonly string[];
    readonly scripts: readonly string[];
  };
}
