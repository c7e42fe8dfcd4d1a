import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { logLine, say } from '../../internal/log-line.js';
import { LalamoveEventHandlers } from '../events/event-handlers.js';
import { LalamoveInboxHost } from '../inbox/inbox-host.js';
import type { LalamoveWebhooks } from '../lalamove-webhooks.js';
import { PublicPaths } from './public-paths.js';
import type { ThrottledLog } from '../../internal/throttled-log.js';
import { LalamoveWebhookEndpoint } from './webhook-endpoint.js';
import { LalamoveWebhookMount } from './webhook-mount.js';

interface Registration {
  readonly webhooks: LalamoveWebhooks;
  readonly paths: PublicPaths;
  readonly dropped: ThrottledLog;
  /** Whether `webhook` stands in its options at all. */
  readonly isOn: boolean;
}

/** Brings registrations, endpoint, handlers and inbox of an app together, and says at boot what does not fit. */
@Injectable()
export class LalamoveWebhookRegistrations
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #logger = new Logger('LalamoveWebhooks');
  /** By account: options that are made for each request make theirs again and again. */
  readonly #registrations = new Map<string | undefined, Registration>();
  /** Accounts for which an endpoint is asked for before their options are made. */
  readonly #awaited = new Set<string | undefined>();
  readonly #late = new Set<string | undefined>();
  /** Accounts with a URL beside the factory of their options, which are not made. */
  readonly #awaitedUrls = new Set<string | undefined>();
  readonly #unregistered = new Set<string | undefined>();
  #isMounted = false;
  #isStarted = false;

  constructor(
    private readonly handlers: LalamoveEventHandlers,
    private readonly endpoint: LalamoveWebhookEndpoint,
    private readonly mount: LalamoveWebhookMount,
    private readonly inboxes: LalamoveInboxHost,
  ) {}

  add(registration: Registration): void {
    this.#registrations.set(registration.webhooks.account, registration);
    const { path } = registration.webhooks;
    if (path === undefined || this.#isMounted || !this.mount.isServed) return;
    const remedy = 'The module was loaded after the app had started, so that no endpoint is mounted: import it at boot';
    say(this.#logger, 'warn', logLine(remedy, { path }));
  }

  /** An endpoint is asked for beside the factory of an account's options. */
  expect(account: string | undefined): void {
    this.#awaited.add(account);
  }

  /** A URL is to be registered, beside the factory of an account's options. */
  expectUrl(account: string | undefined): void {
    this.#awaitedUrls.add(account);
  }

  /** The options of an account are there, and name a URL: once the app has started nothing registers it, which is said once. */
  urlGiven(account: string | undefined): void {
    this.#awaitedUrls.delete(account);
    if (this.#isStarted || this.mount.isServed) this.#warnUnregistered(account);
  }

  /** The options of an account are there, and ask for an endpoint: for those that are made for each request it is too late, which is said once. */
  asked(account: string | undefined): void {
    if (!this.#isMounted || this.#late.has(account)) return;
    this.#late.add(account);
    say(this.#logger, 'error', unmounted(account));
  }

  /** @throws Error that names all that would leave events unheard: two endpoints on one path, handlers of an account that is not there */
  onModuleInit(): void {
    this.handlers.find();
    const problems = [...this.#mountAll(), ...this.#unmade(), ...this.#lostHandlers()];
    this.#isMounted = true;
    if (problems.length > 0) {
      throw new Error(
        `Webhooks of Lalamove cannot be received:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      );
    }
    if (!this.mount.mountLast(this.endpoint) && this.#paths().length > 0) {
      const remedy = 'No webhook can come by an app without an HTTP adapter: receive them in one that has one';
      this.#logger.warn(logLine(remedy, { path: this.#paths().join(' ') }));
    }
    const names = this.handlers.all.map(({ name }) => name).join(', ');
    const isOn = [...this.#registrations.values()].some((registration) => registration.isOn);
    if (names !== '' && !isOn) {
      const remedy = "No endpoint brings these handlers events: set webhook: { path: 'webhooks/lalamove' }";
      this.#logger.warn(logLine(remedy, { handlers: names }));
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#isStarted = true;
    for (const account of this.#awaitedUrls) this.#warnUnregistered(account);
    await this.inboxes.inbox.start(this.handlers.of);
  }

  /** While the handlers' own resources are still there. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.inboxes.inbox.stop();
  }

  onApplicationShutdown(): void {
    for (const { dropped } of this.#registrations.values()) dropped.end();
  }

  /** @returns what is wrong */
  #mountAll(): string[] {
    const owners = new Map<string, string>();
    return [...this.#registrations.values()].flatMap(({ webhooks, paths }) => {
      if (webhooks.path === undefined) return [];
      const path = this.mount.fullPath(webhooks.path);
      const owner = owners.get(path);
      const name = nameOf(webhooks.account);
      if (owner !== undefined) {
        return [
          `${owner} and ${name} have their endpoints on the same path, ${path}: give each its own, or one of them resolveAccount.`,
        ];
      }
      owners.set(path, name);
      paths.mountedAt(path);
      this.endpoint.add(path, webhooks);
      return [];
    });
  }

  #paths(): string[] {
    return [...this.#registrations.values()].flatMap(({ webhooks: { path } }) => (path === undefined ? [] : [path]));
  }

  #warnUnregistered(account: string | undefined): void {
    if (this.#unregistered.has(account)) return;
    this.#unregistered.add(account);
    const remedy = `${nameOf(account)} has its options made only after the app has started, so that webhook.url is not registered: have them made at boot, or call setWebhookUrl`;
    say(this.#logger, 'error', remedy);
  }

  #unmade(): string[] {
    return [...this.#awaited].filter((account) => !this.#registrations.has(account)).map(unmounted);
  }

  #lostHandlers(): string[] {
    const all = [...this.#registrations.values()];
    if (all.some(({ webhooks }) => webhooks.hasOtherAccounts)) return [];
    const known = all.map(({ webhooks }) => webhooks.account);
    return this.handlers.all.flatMap(({ name, accounts }) =>
      accounts
        .filter((account) => !known.includes(account))
        .map(
          (account) =>
            `${name} handles events of the account "${account}", which is not registered: is its name right?`,
        ),
    );
  }
}

function unmounted(account: string | undefined): string {
  return `${nameOf(account)} has options that are made for each request, so that no endpoint can be mounted for it: make them once (without REQUEST), or receive its webhooks by a route of your own.`;
}

function nameOf(account: string | undefined): string {
  return account === undefined ? 'The default account' : `The account "${account}"`;
}
