import { Injectable, type LoggerService } from '@nestjs/common';
import type { LalamoveAnswerFormat, LalamoveStatusPolicy } from './http-answer.js';
import { LalamoveException } from './lalamove.exception.js';
import { axiosErrorOrigin, LALAMOVE_ORIGINS } from './translate-axios-error.js';

/** How an account's failures are answered to the app's own API consumers. */
export interface LalamoveErrorOptions {
  /**
   * Whether `LalamoveExceptionFilter` answers for this account.
   *
   * @default true
   */
  filter?: boolean;
  /**
   * Which status consumers get.
   *
   * @default 'mirror'
   */
  status?: LalamoveStatusPolicy;
  /**
   * How the body is written.
   *
   * @default 'nest'
   */
  format?: LalamoveAnswerFormat;
}

/** The error options of one registration, with what the filter needs beside them. */
export interface AccountErrorPolicy extends Required<LalamoveErrorOptions> {
  /** The name of the registration; `undefined` for the default one. */
  account: string | undefined;
  /** The origin of its base URL: a raw axios error from there is Lalamove's. */
  origin: string;
  logger: LoggerService;
}

/** The error policies of all registrations of one app: each account adds its own, the one filter asks for them. */
@Injectable()
export class LalamoveErrorPolicies {
  readonly #accounts = new Map<string | undefined, AccountErrorPolicy>();

  /** @returns `false` where the name is taken. */
  add(policy: AccountErrorPolicy): boolean {
    if (this.#accounts.has(policy.account)) return false;
    this.#accounts.set(policy.account, policy);
    return true;
  }

  /** Whether the app-wide filter is to answer this: a Lalamove failure of an account whose filter is on. */
  covers(error: unknown): boolean {
    return isLalamoveFailure(error, this.#origins()) && this.of(error)?.filter !== false;
  }

  /** The policy for an error: its account's, else that of the account with its host, else the default account's, else the first. */
  of(error: unknown): AccountErrorPolicy | undefined {
    const all = [...this.#accounts.values()];
    const byName = LalamoveException.is(error) ? this.#accounts.get(error.account) : undefined;
    const origin = axiosErrorOrigin(error);
    const byHost = origin === undefined ? undefined : all.find((policy) => policy.origin === origin);
    return byName ?? byHost ?? this.#accounts.get(undefined) ?? all[0];
  }

  #origins(): string[] {
    return [...LALAMOVE_ORIGINS, ...[...this.#accounts.values()].map(({ origin }) => origin)];
  }
}

/** Whether an error is a {@link LalamoveException} (of any copy of this package) or an axios error from one of these origins. */
export function isLalamoveFailure(error: unknown, origins: readonly string[]): boolean {
  if (LalamoveException.is(error)) return true;
  const origin = axiosErrorOrigin(error);
  return origin !== undefined && origins.includes(origin);
}
