import type { ModuleRef } from '@nestjs/core';
import type { LalamoveCredentials } from '../../client/client-settings.js';
import { isRecord } from '../../is-record.js';
import type { LalamoveService } from '../../lalamove.service.js';
import { getLalamoveToken } from '../../lalamove.tokens.js';

/** Finds the keys of an account that is not registered by name: a marketplace's merchant. Secrets are never stored, so it is asked whenever a delivery goes on. */
export type ResolveDeliveryAccount = (
  account: string,
) => LalamoveCredentials | null | undefined | Promise<LalamoveCredentials | null | undefined>;

/** How long credentials that were resolved hold, in ms. */
const HOLDS_MS = 60_000;
const MOST_ACCOUNTS = 1000;

/** What the work on deliveries calls of Lalamove. */
export type DeliveryCalls = Pick<
  LalamoveService,
  'createQuotation' | 'placeOrder' | 'getOrder' | 'cancelOrder' | 'addPriorityFee' | 'changeDriver'
>;

/** Finds whom to call for an account, as {@link AccountServices} do. */
export interface DeliveryAccounts {
  of(account: string): Promise<DeliveryCalls | undefined>;
}

/** The `LalamoveService` of each account that has deliveries. */
export class AccountServices implements DeliveryAccounts {
  readonly #resolved = new Map<string, { at: number; service: LalamoveService }>();

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly resolve: ResolveDeliveryAccount | undefined,
  ) {}

  /**
   * @param account empty for the default one
   * @returns `undefined` for an account that nobody knows
   * @throws what `resolve` throws
   */
  async of(account: string): Promise<LalamoveService | undefined> {
    const registered = this.#registered(account === '' ? undefined : account);
    if (registered) return registered;
    const known = this.#resolved.get(account);
    if (known && Date.now() - known.at < HOLDS_MS) return known.service;
    const credentials: unknown = await this.resolve?.(account);
    const parent = this.#registered(undefined);
    if (!isCredentials(credentials) || !parent) return undefined;
    const service = parent.forAccount(credentials);
    this.#resolved.set(account, { at: Date.now(), service });
    for (const oldest of this.#resolved.keys()) {
      if (this.#resolved.size <= MOST_ACCOUNTS) break;
      this.#resolved.delete(oldest);
    }
    return service;
  }

  #registered(name: string | undefined): LalamoveService | undefined {
    try {
      return this.moduleRef.get(getLalamoveToken(name), { strict: false });
    } catch {
      return undefined;
    }
  }
}

function isCredentials(value: unknown): value is LalamoveCredentials {
  return isRecord(value) && ['apiKey', 'apiSecret', 'market'].every((name) => typeof value[name] === 'string');
}
