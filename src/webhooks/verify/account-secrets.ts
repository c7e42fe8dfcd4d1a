import { CachedResolver } from '../../internal/cached-resolver.js';
import { passed, type Clock } from '../../internal/clock.js';
import { isRecord } from '../../internal/is-record.js';
import { withTimeout } from '../../internal/with-timeout.js';
import type { LalamoveWebhookOptions } from '../webhook.options.js';

type ResolveAccount = NonNullable<LalamoveWebhookOptions['resolveAccount']>;

/** An account that was resolved. */
export interface ResolvedAccount {
  readonly secrets: readonly string[];
  readonly account: string | undefined;
}

/** The result of one lookup: the same object until it is asked for again. */
export interface Finding {
  /** `undefined` for a key that is unknown. */
  readonly account: ResolvedAccount | undefined;
}

/** How long an answer holds, in ms. */
const HOLD_MS = 60_000;
/**
 * After how long it is asked for again if a signature does not fit, in ms: the secret may be new. Not at once, because
 * then every wrong signature of a stranger would ask the host.
 */
const DOUBTED_MAX_AGE_MS = 5000;
/** How long is waited for an answer, in ms. */
const TIMEOUT_MS = 5000;
const MAX_KEYS = 1000;
/** No key of Lalamove's is longer; remembering longer ones would fill the memory. */
const MAX_KEY_LENGTH = 256;
const NOBODY: Finding = { account: undefined };

/** Asks the host for the secrets of other accounts, and remembers the answers of the keys that were asked for last. */
export class AccountSecrets {
  readonly #resolver: CachedResolver<Finding>;

  constructor(resolve: ResolveAccount, clock: Clock) {
    this.#resolver = new CachedResolver({
      resolve: async (apiKey) => ({
        account: checked(await withTimeout(TIMEOUT_MS, 'resolveAccount', resolve(apiKey))),
      }),
      holdMs: () => HOLD_MS,
      failureHoldMs: 0,
      capacity: MAX_KEYS,
      now: () => passed(clock),
    });
  }

  /**
   * @param doubted whether the secrets that were found before did not fit
   * @throws what the host threw, an Error if it gave no account, or no answer
   */
  find(apiKey: string, doubted = false): Promise<Finding> {
    if (apiKey.length > MAX_KEY_LENGTH) return Promise.resolve(NOBODY);
    return this.#resolver.get(apiKey, doubted ? DOUBTED_MAX_AGE_MS : undefined);
  }
}

function checked(answer: unknown): ResolvedAccount | undefined {
  if (answer === null || answer === undefined) return undefined;
  const { secrets, account }: Partial<Record<string, unknown>> = isRecord(answer) ? answer : {};
  const all: unknown[] = Array.isArray(secrets) ? secrets : [secrets];
  const texts = all.filter((secret): secret is string => typeof secret === 'string' && secret !== '');
  if (texts.length === 0 || texts.length < all.length) {
    throw new TypeError('resolveAccount must give { secrets } of at least one secret key, or nothing');
  }
  return { secrets: texts, account: typeof account === 'string' ? account : undefined };
}
