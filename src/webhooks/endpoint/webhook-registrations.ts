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
import { SignedPaths } from './signed-paths.js';
import type { ThrottledLog } from '../../internal/throttled-log.js';
import { LalamoveWebhookEndpoint } from './webhook-endpoint.js';
import { LalamoveWebhookMount } from './webhook-mount.js';

interface Registration {
  readonly webhooks: LalamoveWebhooks;
  readonly paths: SignedPaths;
  readonly dropped: ThrottledLog;
  /** Whether its options have `webhook`. */
  readonly isOn: boolean;
}

/** Connects registrations, endpoint, handlers and inbox of an app, and reports at boot what is configured wrong. */
@Injectable()
export class LalamoveWebhookRegistrations
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #logger = new Logger('LalamoveWebhooks');
  /** By account, because request-scoped options add their registration again for each request. */
  readonly #registrations = new Map<string | undefined, Registration>();
  /** Accounts whose `forRootAsync` asks for an endpoint, so that their options must exist at boot. */
  readonly #awaited = new Set<string | undefined>();
  readonly #late = new Set<string | undefined>();
  /** Accounts whose `forRootAsync` has `webhook.url`, and whose options do not exist yet. */
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
    const message = 'The module was loaded after the app had started, so its webhook endpoint was not mounted';
    say(this.#logger, 'warn', logLine(`${message}: import the module at boot`, { path }));
  }

  /** Records that `forRootAsync` asks for an endpoint for this account. */
  expectEndpoint(account: string | undefined): void {
    this.#awaited.add(account);
  }

  /** Records that `forRootAsync` has a `webhook.url` for this account. */
  expectUrl(account: string | undefined): void {
    this.#awaitedUrls.add(account);
  }

  /** Called when the options of an account exist and have a `url`. After the start it is not registered: warns once. */
  urlConfigured(account: string | undefined): void {
    this.#awaitedUrls.delete(account);
    if (this.#isStarted || this.mount.isServed) this.#warnUnregistered(account);
  }

  /** Called when the options of an account exist and have a `path`. After the start it is too late: reports it once. */
  endpointRequested(account: string | undefined): void {
    if (!this.#isMounted || this.#late.has(account)) return;
    this.#late.add(account);
    say(this.#logger, 'error', unmounted(account));
  }

  /** @throws Error that lists what would lose events: two endpoints on one path, handlers of an unknown account */
  onModuleInit(): void {
    this.handlers.find();
    const problems = [...this.#mountAll(), ...this.#missingRegistrations(), ...this.#handlersOfUnknownAccounts()];
    this.#isMounted = true;
    if (problems.length > 0) {
      throw new Error(
        `Lalamove webhooks cannot be received:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      );
    }
    if (!this.mount.mountLast(this.endpoint) && this.#paths().length > 0) {
      const message = 'This app has no HTTP adapter and cannot receive webhooks';
      const remedy = 'receive them in an app that serves HTTP';
      this.#logger.warn(logLine(`${message}: ${remedy}`, { path: this.#paths().join(' ') }));
    }
    const names = this.handlers.all.map(({ name }) => name).join(', ');
    const isOn = [...this.#registrations.values()].some((registration) => registration.isOn);
    if (names !== '' && !isOn && this.inboxes.inbox.isShared !== true) {
      const message = 'These handlers get no events, because webhook is not set';
      const remedy = "set webhook: { path: 'webhooks/lalamove' }";
      this.#logger.warn(logLine(`${message}: ${remedy}`, { handlers: names }));
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#isStarted = true;
    for (const account of this.#awaitedUrls) this.#warnUnregistered(account);
    await this.inboxes.inbox.start(this.handlers.of);
  }

  /** Stops the inbox while the resources of the handlers still exist. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.inboxes.inbox.stop();
  }

  onApplicationShutdown(): void {
    for (const { dropped } of this.#registrations.values()) dropped.end();
  }

  /** @returns the problems, one sentence each */
  #mountAll(): string[] {
    const owners = new Map<string, string>();
    return [...this.#registrations.values()].flatMap(({ webhooks, paths }) => {
      if (webhooks.path === undefined) return [];
      const path = this.mount.fullPath(webhooks.path);
      const owner = owners.get(path);
      const name = nameOf(webhooks.account);
      if (owner !== undefined) {
        return [
          `${owner} and ${name} have their webhook endpoints on the same path, ${path}: ` +
            'give each its own path, or set resolveAccount on one of them.',
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
    const message = `${nameOf(account)} creates its options after the app started, so webhook.url is not registered`;
    const remedy = 'create them at boot, or call setWebhookUrl';
    say(this.#logger, 'error', `${message}: ${remedy}`);
  }

  #missingRegistrations(): string[] {
    return [...this.#awaited].filter((account) => !this.#registrations.has(account)).map(unmounted);
  }

  #handlersOfUnknownAccounts(): string[] {
    const all = [...this.#registrations.values()];
    if (all.some(({ webhooks }) => webhooks.hasOtherAccounts)) return [];
    const known = all.map(({ webhooks }) => webhooks.account);
    return this.handlers.all.flatMap(({ name, accounts }) =>
      accounts
        .filter((account) => !known.includes(account))
        .map(
          (account) => `${name} handles events of the account "${account}", which is not registered: correct its name.`,
        ),
    );
  }
}

function unmounted(account: string | undefined): string {
  return (
    `${nameOf(account)} creates its options for each request, so its webhook endpoint cannot be mounted: ` +
    'create them once (without REQUEST), or receive its webhooks in a route of your own.'
  );
}

function nameOf(account: string | undefined): string {
  return account === undefined ? 'The default account' : `The account "${account}"`;
}
