import { Injectable, type LoggerService } from '@nestjs/common';
import type { LalamoveAnswerFormat } from './http-answer.js';
import type { LalamoveStatusPolicy } from './status-policy.js';
import { LALAMOVE_HOSTS } from '../api/hosts.js';
import { LalamoveException } from './lalamove.exception.js';
import { calledBaseUrl } from './translate-axios-error.js';

/** How the app answers its own API consumers when a call to Lalamove fails. */
export interface LalamoveErrorOptions {
  /**
   * Whether `LalamoveExceptionFilter` handles the exceptions of this account.
   *
   * @default true
   */
  filter?: boolean;
  /**
   * Which HTTP status the consumers get.
   *
   * @default 'mirror'
   */
  status?: LalamoveStatusPolicy;
  /**
   * The format of the body.
   *
   * @default 'nest'
   */
  format?: LalamoveAnswerFormat;
}

/** The error options of one registration, and further facts that the filter needs. */
export interface AccountErrorPolicy extends Required<LalamoveErrorOptions> {
  /** The name of the registration; `undefined` for the default one. */
  account: string | undefined;
  /** A raw axios error of a request below this URL is an error of a call to Lalamove. */
  baseUrl: string;
  logger: LoggerService;
}

/** A failed call to Lalamove. `policy` is `undefined` if no account is registered. */
export interface LalamoveFailure {
  policy: AccountErrorPolicy | undefined;
  /** The base URL of the request of a raw axios error; absent for a {@link LalamoveException}. */
  baseUrl?: string;
}

/** The error policies of all accounts of an app. Each account adds its own; the one filter reads them. */
@Injectable()
export class LalamoveErrorPolicies {
  readonly #accounts = new Map<string | undefined, { owner: object; policy: AccountErrorPolicy }>();

  /**
   * @param owner the registration; it may add its policy again, because request-scoped options are read per request
   * @returns `false` if another registration has the same name
   */
  add(policy: AccountErrorPolicy, owner: object): boolean {
    const taken = this.#accounts.get(policy.account);
    if (taken && taken.owner !== owner) return false;
    this.#accounts.set(policy.account, { owner, policy });
    return true;
  }

  /** Whether the app-wide filter handles this error: a failed call to Lalamove by an account whose filter is on. */
  covers(error: unknown): boolean {
    const failure = this.failure(error);
    return failure !== undefined && failure.policy?.filter !== false;
  }

  /**
   * Finds the policy of an error. A Lalamove exception has the policy of its account. A raw axios error has the policy
   * of the account whose base URL was called; if several match, the default account comes first. If none matches, the
   * policy of the default account applies.
   *
   * @returns `undefined` for an error that is not of a call to Lalamove
   */
  failure(error: unknown): LalamoveFailure | undefined {
    const all = this.#all();
    const fallback = all[0];
    if (LalamoveException.is(error)) return { policy: this.#accounts.get(error.account)?.policy ?? fallback };
    const baseUrl = calledBaseUrl(error, [...all.map((policy) => policy.baseUrl), ...Object.values(LALAMOVE_HOSTS)]);
    if (baseUrl === undefined) return undefined;
    return { policy: all.find((policy) => policy.baseUrl === baseUrl) ?? fallback, baseUrl };
  }

  /** All policies, that of the default account first. */
  #all(): AccountErrorPolicy[] {
    const all = [...this.#accounts.values()].map(({ policy }) => policy);
    return all.sort((a, b) => Number(a.account !== undefined) - Number(b.account !== undefined));
  }
}
