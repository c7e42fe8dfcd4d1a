import { detached } from '../../internal/async-context.js';
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

/** What came of asking once: the same object until it is asked again. */
export interface Finding {
  /** `undefined` for a key that is unknown. */
  readonly account: ResolvedAccount | undefined;
}

interface Entry {
  readonly askedAt: number;
  readonly finding: Promise<Finding>;
}

/** How long what was resolved holds, in ms. */
const HOLDS_MS = 60_000;
/** After so long it is asked again where a signature did not fit, in ms: a secret may be new, a stranger must not make us ask for each of his guesses. */
const DOUBTED_MS = 5000;
/** How long is waited for an answer, in ms. */
const TIMEOUT_MS = 5000;
const MOST_ENTRIES = 1000;
/** Longer ones are nobody's, and would fill the memory. */
const MOST_KEY_LENGTH = 256;
const NOBODY: Finding = { account: undefined };

/** Asks the host for the secrets of other accounts, and remembers the answers of the keys that were asked for last. */
export class AccountSecrets {
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly resolve: ResolveAccount,
    private readonly clock: Clock,
  ) {}

  /**
   * @param doubted what was found before did not fit
   * @throws what the host threw, an Error where it gave no account, or no answer
   */
  find(apiKey: string, doubted = false): Promise<Finding> {
    if (apiKey.length > MOST_KEY_LENGTH) return Promise.resolve(NOBODY);
    const now = passed(this.clock);
    const known = this.#entries.get(apiKey);
    if (known && now - known.askedAt < (doubted ? DOUBTED_MS : HOLDS_MS)) return known.finding;
    // The answer is for all who ask, and so is the question.
    const finding = detached(() => this.#ask(apiKey));
    const entry = { askedAt: now, finding };
    this.#entries.delete(apiKey);
    this.#entries.set(apiKey, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MOST_ENTRIES) break;
      this.#entries.delete(oldest);
    }
    finding.catch(() => {
      if (this.#entries.get(apiKey) === entry) this.#entries.delete(apiKey);
    });
    return finding;
  }

  async #ask(apiKey: string): Promise<Finding> {
    return { account: checked(await withTimeout(TIMEOUT_MS, 'resolveAccount', this.resolve(apiKey))) };
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
