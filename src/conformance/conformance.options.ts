import type { LalamoveSandboxOptions } from '../sandbox/sandbox.options.js';

/** Options of {@link runConformance}. */
export interface ConformanceOptions {
  /** A key of Lalamove's sandbox: `pk_test_…`. Others are refused. */
  readonly apiKey: string;
  /** Its secret: `sk_test_…`. Others are refused. */
  readonly apiSecret: string;
  /** The market of the keys. */
  readonly market: string;
  /**
   * The API to look at. `rest.lalamove.com` is refused.
   *
   * @default 'https://rest.sandbox.lalamove.com'
   */
  readonly baseUrl?: string;
  /**
   * Whether the limit of `GET /v3/orders/:id` is exceeded at the end. For about a minute, others with the same keys get
   * 429 too.
   *
   * @default false
   */
  readonly limits?: boolean;
  /**
   * The sandbox to compare with, for example with another value of `unknowns`.
   *
   * @default a `LalamoveSandbox` with its defaults
   */
  readonly reference?: LalamoveSandboxOptions;
  /**
   * How long each answer may take, in ms.
   *
   * @default 15000
   */
  readonly timeoutMs?: number;
  /** Stops before the next step. What was placed is cancelled all the same. */
  readonly signal?: AbortSignal;
  /** Is told the name of each step before it is sent to the API. */
  readonly onStep?: (step: string) => void;
}
