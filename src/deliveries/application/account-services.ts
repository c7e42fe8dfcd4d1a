import type { LoggerService } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { detached } from '../../internal/async-context.js';
import type { LalamoveCredentials } from '../../client/client-settings.js';
import { isRecord } from '../../internal/is-record.js';
import type { LalamoveService } from '../../lalamove.service.js';
import { getLalamoveToken } from '../../lalamove.tokens.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
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
const HOLDS_MS = 60_000;

/** And how long a failure does: everybody who waits shares it. */
const FAILURE_HOLDS_MS = 2000;

/** How long a worker waits for an answer, in ms; what takes longer is not waited for in a worker's place. */
const GRACE_MS = 50;

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

/** One question to the host, which all who want to know share. */
interface Lookup {
  /** By `performance.now()`. */
  readonly askedAt: number;
  readonly answer: Promise<LalamoveService | undefined>;
  /** Until then it holds, by `performance.now()`; `Infinity` while it is under way. */
  holdsUntil: number;
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
  readonly #lookups = new Map<string, Lookup>();
  /** Accounts whose failure has been said. */
  readonly #inOutage = new Set<string>();

  constructor(private readonly parts: AccountServicesParts) {}

  async of(account: string): Promise<LalamoveService | undefined> {
    const registered = this.#registered(account === '' ? undefined : account);
    if (registered) return registered;
    const { answer, askedAt, holdsUntil } = this.#lookup(account);
    if (holdsUntil < Infinity) return answer;
    const settled = answer.then(
      () => undefined,
      () => undefined,
    );
    // Whoever comes while it is slow already does not wait at all.
    const graceMs = Math.max(0, askedAt + GRACE_MS - performance.now());
    const isThere = settled.then(() => true);
    const isLate = new Promise<false>((resolve) => {
      setTimeout(resolve, graceMs, false).unref();
    });
    if (await Promise.race([isThere, isLate])) return answer;
    throw new AccountPending(settled);
  }

  /**
   * As {@link of}, for who can wait for the answer.
   *
   * @throws AccountUnavailable
   */
  async whenKnown(account: string): Promise<LalamoveService | undefined> {
    return this.#registered(account === '' ? undefined : account) ?? this.#lookup(account).answer;
  }

  #lookup(account: string): Lookup {
    const known = this.#lookups.get(account);
    if (known && performance.now() < known.holdsUntil) return known;
    // The answer is for all who ask, and so is the question.
    const answer = detached(() => this.#ask(account));
    const lookup: Lookup = { askedAt: performance.now(), answer, holdsUntil: Infinity };
    lookup.answer.then(
      (service) => {
        // Who is unknown may be known at once.
        lookup.holdsUntil = service ? performance.now() + HOLDS_MS : 0;
        this.#inOutage.delete(account);
      },
      (error: unknown) => {
        lookup.holdsUntil = performance.now() + FAILURE_HOLDS_MS;
        this.#warnFailed(account, error);
      },
    );
    this.#keep(account, lookup);
    return lookup;
  }

  #keep(account: string, lookup: Lookup): void {
    this.#lookups.delete(account);
    this.#lookups.set(account, lookup);
    for (const oldest of this.#lookups.keys()) {
      if (this.#lookups.size <= MAX_ACCOUNTS) break;
      this.#lookups.delete(oldest);
    }
  }

  async #ask(account: string): Promise<LalamoveService | undefined> {
    const { resolve, timeoutMs } = this.parts;
    try {
      const asked = resolve?.(account);
      const credentials: unknown = await withTimeout(timeoutMs, 'accounts.resolve', asked, { keepsAlive: false });
      const parent = this.#registered(undefined);
      if (!isCredentials(credentials) || !parent) return undefined;
      return parent.forAccount(credentials);
    } catch (cause) {
      throw new AccountUnavailable(account, cause);
    }
  }

  /** Once, until it has answered again. */
  #warnFailed(account: string, error: unknown): void {
    if (this.#inOutage.has(account)) return;
    if (this.#inOutage.size >= MAX_ACCOUNTS) this.#inOutage.clear();
    this.#inOutage.add(account);
    const cause: unknown = error instanceof AccountUnavailable ? error.cause : error;
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
