import type { LoggerService } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { CachedResolver } from '../../internal/cached-resolver.js';
import type { LalamoveCredentials } from '../../client/client-settings.js';
import { isRecord } from '../../internal/is-record.js';
import type { LalamoveService } from '../../lalamove.service.js';
import { getLalamoveToken } from '../../lalamove.tokens.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { LruMap } from '../../internal/lru-map.js';
import { withTimeout } from '../../internal/with-timeout.js';
import { foundIn } from '../../nest/found-in.js';

/**
 * Finds the keys of an account that is not registered by name, for example a merchant of a marketplace. Secrets are
 * never stored: the function is called when a delivery needs the keys, and the result is cached for one minute.
 *
 * @returns `null` or `undefined` for an unknown account
 * @throws any error if the keys are not available now; the call is retried later
 */
export type ResolveDeliveryAccount = (
  account: string,
) => LalamoveCredentials | null | undefined | Promise<LalamoveCredentials | null | undefined>;

/** How long resolved credentials are cached, in ms. */
const HOLD_MS = 60_000;

/** How long a failure is cached, in ms. All waiting deliveries of the account share it. */
const FAILURE_HOLD_MS = 2000;

/** How long a worker waits for the keys, in ms. After that, the worker continues with other deliveries. */
const MAX_WAIT_MS = 50;

const MAX_ACCOUNTS = 1000;

/** The methods of `LalamoveService` that deliveries call. */
export type DeliveryCalls = Pick<
  LalamoveService,
  'createQuotation' | 'placeOrder' | 'getOrder' | 'cancelOrder' | 'addPriorityFee' | 'changeDriver'
>;

/** The keys of an account are not available: `accounts.resolve` failed or timed out. */
export class AccountUnavailable extends Error {
  override readonly name = 'AccountUnavailable';

  constructor(account: string, cause: unknown) {
    super(`accounts.resolve has not given the keys of the account ${JSON.stringify(account)}: ${wordsOf(cause)}`, {
      cause,
    });
  }
}

/** The keys of an account are not resolved yet: `accounts.resolve` is still running. */
export class AccountPending extends Error {
  override readonly name = 'AccountPending';

  /** @param settled resolves after `accounts.resolve` succeeds, fails or times out */
  constructor(readonly settled: Promise<void>) {
    super('The keys of the account are being asked for.');
  }
}

/** Finds the service of an account. {@link AccountServices} implements it. */
export interface DeliveryAccounts {
  /**
   * @param account the account's name; empty for the default account
   * @returns `undefined` for an unknown account
   * @throws AccountPending if resolving the keys takes longer than a worker should wait
   * @throws AccountUnavailable if `accounts.resolve` fails or times out
   */
  of(account: string): Promise<DeliveryCalls | undefined>;
}

/** The dependencies of {@link AccountServices}. */
export interface AccountServicesParts {
  readonly moduleRef: Pick<ModuleRef, 'get'>;
  readonly resolve: ResolveDeliveryAccount | undefined;
  /** The timeout of `resolve`, in ms. */
  readonly timeoutMs: number;
  readonly logger: LoggerService;
}

/** The `LalamoveService` of each account that has deliveries. */
export class AccountServices implements DeliveryAccounts {
  readonly #resolver: CachedResolver<LalamoveService | undefined>;
  /** Accounts with a failure that was already logged. */
  readonly #inOutage = new LruMap<string, true>(MAX_ACCOUNTS);

  constructor(private readonly parts: AccountServicesParts) {
    this.#resolver = new CachedResolver({
      resolve: (account) => this.#ask(account),
      // An unknown account is not cached, because the host may register it at any time.
      holdMs: (service) => (service ? HOLD_MS : 0),
      failureHoldMs: FAILURE_HOLD_MS,
      capacity: MAX_ACCOUNTS,
      now: () => performance.now(),
    });
  }

  async of(account: string): Promise<LalamoveService | undefined> {
    const registered = this.#registered(account === '' ? undefined : account);
    if (registered) return registered;
    const found = await this.#resolver.getWithin(account, MAX_WAIT_MS);
    if ('settled' in found) throw new AccountPending(found.settled);
    return found.value;
  }

  /**
   * Like {@link of}, but it waits until the keys are resolved.
   *
   * @throws AccountUnavailable if `accounts.resolve` fails or times out
   */
  async whenKnown(account: string): Promise<LalamoveService | undefined> {
    return this.#registered(account === '' ? undefined : account) ?? this.#resolver.get(account);
  }

  async #ask(account: string): Promise<LalamoveService | undefined> {
    const { resolve, timeoutMs } = this.parts;
    try {
      const asked = resolve?.(account);
      const credentials: unknown = await withTimeout(timeoutMs, 'accounts.resolve', asked, { keepsAlive: false });
      const parent = this.#registered(undefined);
      const service = isCredentials(credentials) ? parent?.forAccount(credentials) : undefined;
      this.#inOutage.delete(account);
      return service;
    } catch (cause) {
      this.#warnFailed(account, cause);
      throw new AccountUnavailable(account, cause);
    }
  }

  /** Logs only the first failure, until the account is resolved again. */
  #warnFailed(account: string, cause: unknown): void {
    if (this.#inOutage.has(account)) return;
    this.#inOutage.set(account, true);
    const what =
      'The keys of an account could not be read: its deliveries are tried again later, those of others go on. ' +
      'Look at what accounts.resolve asks';
    say(this.parts.logger, 'warn', logLine(what, { account, error: wordsOf(cause) }));
  }

  #registered(name: string | undefined): LalamoveService | undefined {
    return foundIn<LalamoveService>(this.parts.moduleRef, getLalamoveToken(name));
  }
}

function isCredentials(value: unknown): value is LalamoveCredentials {
  return isRecord(value) && ['apiKey', 'apiSecret', 'market'].every((name) => typeof value[name] === 'string');
}
