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

/**
 * Finds the keys of an account that is not registered by name: a marketplace's merchant. Secrets are never stored: it
 * is asked whenever a delivery goes on, once a minute at most.
 *
 * @returns nothing for an account that is unknown
 * @throws anything: the keys cannot be had now, and it is asked again later
 */
export type ResolveDeliveryAccount = (
  account: string,
) => LalamoveCredentials | null | undefined | Promise<LalamoveCredentials | null | undefined>;

/** How long credentials that were resolved hold, in ms. */
const HOLD_MS = 60_000;

/** How long a failure holds, in ms: all deliveries of the account that wait share it. */
const FAILURE_HOLD_MS = 2000;

/** How long a worker waits for an answer, in ms: if it takes longer, the worker goes on with other deliveries. */
const MAX_WAIT_MS = 50;

const MAX_ACCOUNTS = 1000;

/** What the work on deliveries calls of Lalamove. */
export type DeliveryCalls = Pick<
  LalamoveService,
  'createQuotation' | 'placeOrder' | 'getOrder' | 'cancelOrder' | 'addPriorityFee' | 'changeDriver'
>;

/** The keys of an account cannot be had: `accounts.resolve` has failed, or has given no answer. */
export class AccountUnavailable extends Error {
  override readonly name = 'AccountUnavailable';

  constructor(account: string, cause: unknown) {
    super(`accounts.resolve has not given the keys of the account ${JSON.stringify(account)}: ${wordsOf(cause)}`, {
      cause,
    });
  }
}

/** The keys of an account are being asked for, and that takes its time. */
export class AccountPending extends Error {
  override readonly name = 'AccountPending';

  /** @param settled resolves once there is an answer, or none will come */
  constructor(readonly settled: Promise<void>) {
    super('The keys of the account are being asked for.');
  }
}

/** Finds whom to call for an account, as {@link AccountServices} do. */
export interface DeliveryAccounts {
  /**
   * @param account empty for the default one
   * @returns `undefined` for an account that nobody knows
   * @throws AccountPending if the answer takes longer than a worker should wait
   * @throws AccountUnavailable if there is none
   */
  of(account: string): Promise<DeliveryCalls | undefined>;
}

/** What accounts are found with. */
export interface AccountServicesParts {
  readonly moduleRef: Pick<ModuleRef, 'get'>;
  readonly resolve: ResolveDeliveryAccount | undefined;
  /** How long `resolve` may take, in ms. */
  readonly timeoutMs: number;
  readonly logger: LoggerService;
}

/** The `LalamoveService` of each account that has deliveries. */
export class AccountServices implements DeliveryAccounts {
  readonly #resolver: CachedResolver<LalamoveService | undefined>;
  /** Accounts whose failure has been logged. */
  readonly #inOutage = new LruMap<string, true>(MAX_ACCOUNTS);

  constructor(private readonly parts: AccountServicesParts) {
    this.#resolver = new CachedResolver({
      resolve: (account) => this.#ask(account),
      // An account that is unknown now may be registered in a moment.
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
   * As {@link of}, for callers that can wait for the answer.
   *
   * @throws AccountUnavailable
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

  /** Once, until the account has been resolved again. */
  #warnFailed(account: string, cause: unknown): void {
    if (this.#inOutage.has(account)) return;
    this.#inOutage.set(account, true);
    const what =
      'The keys of an account cannot be had: its deliveries are tried again later, those of others go on. ' +
      'Look at what accounts.resolve asks';
    say(this.parts.logger, 'warn', logLine(what, { account, error: wordsOf(cause) }));
  }

  #registered(name: string | undefined): LalamoveService | undefined {
    try {
      return this.parts.moduleRef.get(getLalamoveToken(name), { strict: false });
    } catch {
      return undefined;
    }
  }
}

function isCredentials(value: unknown): value is LalamoveCredentials {
  return isRecord(value) && ['apiKey', 'apiSecret', 'market'].every((name) => typeof value[name] === 'string');
}
