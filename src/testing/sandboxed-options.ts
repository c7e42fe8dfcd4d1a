import { Logger } from '@nestjs/common';
import { isRecord } from '../internal/is-record.js';
import { logLine, wordsOf } from '../internal/log-line.js';
import type { OverriddenOptions } from '../nest/options-override.js';
import type { SandboxClock } from '../sandbox/clock/sandbox-clock.js';
import type { LalamoveSandbox } from '../sandbox/lalamove-sandbox.js';
import type { SandboxAccount } from '../sandbox/sandbox.options.js';

/** How many named accounts can have keys of their own at the sandbox. */
const MAX_NAMED_ACCOUNTS = 16;

/**
 * Keys that the sandbox has from the start, one for each named account of an app: accounts of one market then have a
 * wallet and a webhook URL each.
 */
export const NAMED_ACCOUNTS: readonly SandboxAccount[] = Array.from({ length: MAX_NAMED_ACCOUNTS }, (_, index) => ({
  apiKey: `pk_test_sandbox_${index + 2}`,
  apiSecret: `sk_test_sandbox_${index + 2}`,
}));

/** What {@link SandboxedOptions} must know. */
export interface SandboxedSettings {
  /** The market of accounts that have none. */
  readonly market: string;
  /** Whether rate limits stay. */
  readonly isLimited: boolean;
  readonly storage: 'memory' | 'own';
  /** The account that has the first keys of the sandbox. */
  readonly main: string | undefined;
}

/** An account of the tested app, at the sandbox. */
export interface SandboxedAccount {
  readonly name: string | undefined;
  readonly apiKey: string;
  readonly market: string;
  /** The path of its webhook endpoint; `undefined` if it has none. */
  readonly path: string | undefined;
}

/** Points options of `LalamoveModule` and `DeliveriesModule` to the sandbox, its clock and a database in memory. */
export class SandboxedOptions {
  readonly #logger = new Logger('LalamoveTestingModule');
  /** By name; `undefined` is the default account. */
  readonly #accounts = new Map<string | undefined, SandboxedAccount>();

  constructor(
    private readonly sandbox: LalamoveSandbox,
    private readonly clock: SandboxClock,
    private readonly settings: SandboxedSettings,
  ) {}

  /** The accounts whose options have been replaced so far. */
  get accounts(): readonly SandboxedAccount[] {
    return [...this.#accounts.values()];
  }

  /** Replaces what must not be used in a test: keys, host, proxy, file, queue. All other options stay. */
  readonly override = async (overridden: OverriddenOptions): Promise<unknown> => {
    const given = await this.#read(overridden);
    if (!isRecord(given)) return given;
    return overridden.module === 'LalamoveModule' ? this.#account(overridden.account, given) : this.#deliveries(given);
  };

  /** The app's own options. If its factory fails, for example because a variable is not set, those beside it. */
  async #read({ module, account, own, beside }: OverriddenOptions): Promise<unknown> {
    try {
      return await own();
    } catch (error) {
      const message = `The factory of ${module} failed, so the test runs with the options beside it alone`;
      const why = wordsOf(error);
      const line = logLine(message, { account, error: why.split('\n', 1)[0] });
      // With a webhook beside it, the factory only reads keys. Otherwise the test may test other options than it seems.
      if (isRecord(beside) && beside.webhook !== undefined) this.#logger.log(line);
      else this.#logger.error(line);
      return beside;
    }
  }

  #account(name: string | undefined, given: Readonly<Record<string, unknown>>): unknown {
    const { apiKey, apiSecret } = this.#keysOf(name);
    const market = typeof given.market === 'string' ? given.market : this.settings.market;
    const webhook = isRecord(given.webhook)
      ? { ...given.webhook, url: undefined, publicPath: undefined, secrets: undefined }
      : given.webhook;
    const path = isRecord(given.webhook) && typeof given.webhook.path === 'string' ? given.webhook.path : undefined;
    this.#accounts.set(name, { name, apiKey, market, path });
    const { http } = given;
    return {
      ...given,
      apiKey,
      apiSecret,
      market,
      environment: undefined,
      baseUrl: this.sandbox.url,
      clock: this.clock,
      webhook,
      // Without agents and without a proxy: the sandbox is on this machine.
      http: { ...(isRecord(http) && http.headers !== undefined && { headers: http.headers }), proxy: false },
      rateLimit: this.settings.isLimited ? given.rateLimit : false,
    };
  }

  #deliveries(given: Readonly<Record<string, unknown>>): unknown {
    if (this.settings.storage === 'own') return { ...given, clock: this.clock };
    const own = { storage: undefined, queue: undefined, worker: undefined };
    return { ...given, ...own, database: { file: ':memory:' }, clock: this.clock };
  }

  #keysOf(name: string | undefined): SandboxAccount {
    if (name === this.settings.main) return this.sandbox;
    const known = this.#accounts.get(name)?.apiKey;
    const taken = [...this.#accounts.values()].map(({ apiKey }) => apiKey);
    const keys = NAMED_ACCOUNTS.find(({ apiKey }) =>
      known === undefined ? !taken.includes(apiKey) : apiKey === known,
    );
    if (keys) return keys;
    throw new RangeError(
      `LalamoveTestingModule has keys for ${MAX_NAMED_ACCOUNTS} named accounts, and this app has more: ` +
        `test the account "${name ?? 'default'}" in an app of its own.`,
    );
  }
}
