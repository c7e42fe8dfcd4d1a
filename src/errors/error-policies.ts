import { Injectable, type LoggerService } from '@nestjs/common';
import type { LalamoveAnswerFormat } from './http-answer.js';
import type { LalamoveStatusPolicy } from './status-policy.js';
import { LALAMOVE_HOSTS } from '../api/hosts.js';
import { LalamoveException } from './lalamove.exception.js';
import { calledBaseUrl } from './translate-axios-error.js';

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
  /** A raw axios error of a call beneath it is Lalamove's. */
  baseUrl: string;
  logger: LoggerService;
}

/** A failure that is Lalamove's, and the policy that answers it; none where no account is registered. */
export interface LalamoveFailure {
  policy: AccountErrorPolicy | undefined;
  /** Where a raw axios error's request went; absent for a {@link LalamoveException}. */
  baseUrl?: string;
}

/** The error policies of all registrations of one app: each account adds its own, the one filter asks for them. */
@Injectable()
export class LalamoveErrorPolicies {
  readonly #accounts = new Map<string | undefined, { owner: object; policy: AccountErrorPolicy }>();

  /**
   * @param owner the registration: it may add its policy again (request-scoped options are read anew for each request)
   * @returns `false` where another registration has the name
   */
  add(policy: AccountErrorPolicy, owner: object): boolean {
    const taken = this.#accounts.get(policy.account);
    if (taken && taken.owner !== owner) return false;
    this.#accounts.set(policy.account, { owner, policy });
    return true;
  }

  /** Whether the app-wide filter is to answer this: a Lalamove failure of an account whose filter is on. */
  covers(error: unknown): boolean {
    const failure = this.failure(error);
    return failure !== undefined && failure.policy?.filter !== false;
  }

  /**
   * What is known of an error, or `undefined` where it is not Lalamove's. An exception is answered by its account's policy, a raw axios
   * error by that of the account whose base URL it went to; the default account stands in, and goes first where several would do.
   */
  failure(error: unknown): LalamoveFailure | undefined {
    const all = this.#all();
    const standIn = all[0];
    if (LalamoveException.is(error)) return { policy: this.#accounts.get(error.account)?.policy ?? standIn };
    const baseUrl = calledBaseUrl(error, [...all.map((policy) => policy.baseUrl), ...Object.values(LALAMOVE_HOSTS)]);
    if (baseUrl === undefined) return undefined;
    return { policy: all.find((policy) => policy.baseUrl === baseUrl) ?? standIn, baseUrl };
  }

  /** The default account's first. */
  #all(): AccountErrorPolicy[] {
    const all = [...this.#accounts.values()].map(({ policy }) => policy);
    return all.sort((a, b) => Number(a.account !== undefined) - Number(b.account !== undefined));
  }
}
