import { Injectable, Logger } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { logLine, say, wordsOf } from '../../log-line.js';
import type { LalamoveEvent } from '../events/lalamove-event.js';
import type { LalamoveEventHandler } from '../inbox/lalamove-inbox.js';
import { callFound, type AppInstance, type FoundMethod } from './found-handler.js';
import { subscriptionsOf, type EventSubscription } from './on-lalamove-event.decorator.js';

/** A handler and what it is for. */
interface Handler extends LalamoveEventHandler {
  readonly subscriptions: readonly EventSubscription[];
}

/** Finds the methods with `@OnLalamoveEvent`, of all providers and controllers of the app. */
@Injectable()
export class LalamoveEventHandlers {
  readonly #logger = new Logger('LalamoveEvents');
  readonly #scanner = new MetadataScanner();
  #handlers: readonly Handler[] = [];

  constructor(private readonly modules: ModulesContainer) {}

  /** Once the app's instances are there. */
  find(): void {
    const names = new Map<string, number>();
    this.#handlers = this.#found().map((found) => {
      const plain = `${found.prototype.constructor.name}.${found.methodName}`;
      const count = (names.get(plain) ?? 0) + 1;
      names.set(plain, count);
      return this.#handler(found, count === 1 ? plain : `${plain}#${count}`);
    });
  }

  /** Every handler there is, with the accounts that it asks for by name. */
  get all(): readonly { name: string; accounts: readonly string[] }[] {
    return this.#handlers.map(({ name, subscriptions }) => ({
      name,
      accounts: subscriptions.flatMap(({ account }) => account ?? []),
    }));
  }

  /** Those that an event is for. */
  readonly of = (event: LalamoveEvent): readonly LalamoveEventHandler[] =>
    this.#handlers.filter(({ subscriptions }) => subscriptions.some((subscription) => isFor(subscription, event)));

  #handler(found: FoundMethod, name: string): Handler {
    const handle = async (event: LalamoveEvent): Promise<void> => {
      try {
        await callFound(found, event);
      } catch (error) {
        const { eventType, eventId: id, fingerprint } = event;
        const told = { handler: name, event: eventType, id, fingerprint, error: wordsOf(error) };
        say(this.#logger, 'error', logLine('A handler failed', told), error instanceof Error ? error.stack : undefined);
        throw error;
      }
    };
    return { name, subscriptions: found.subscriptions, handle };
  }

  #found(): FoundMethod[] {
    const owners = new Map<unknown, string>();
    return [...this.modules.values()].flatMap((module) =>
      [
        ...[...module.providers.values()].map((wrapper) => ({ wrapper, isController: false })),
        ...[...module.controllers.values()].map((wrapper) => ({ wrapper, isController: true })),
      ].flatMap(({ wrapper, isController }) => {
        const prototype = prototypeOf(wrapper);
        const methods = prototype ? this.#methods(prototype) : [];
        if (!prototype || methods.length === 0) return [];
        const identity: unknown = wrapper.isNotMetatype ? wrapper.instance : wrapper.metatype;
        const owner = owners.get(identity);
        if (owner !== undefined) {
          const told = { class: prototype.constructor.name, runs: owner, left_out: module.name };
          this.#logger.warn(logLine('A class with handlers is provided twice: they run once', told));
          return [];
        }
        owners.set(identity, module.name);
        return methods.map((rest) => ({ module, wrapper, isController, prototype, ...rest }));
      }),
    );
  }

  #methods(prototype: object): Pick<FoundMethod, 'methodName' | 'method' | 'subscriptions'>[] {
    return this.#scanner.getAllMethodNames(prototype).flatMap((methodName) => {
      const method: unknown = Reflect.get(prototype, methodName);
      if (!isMethod(method)) return [];
      const subscriptions = subscriptionsOf(method);
      return subscriptions.length > 0 ? [{ methodName, method, subscriptions }] : [];
    });
  }
}

function isFor({ types, account }: EventSubscription, event: LalamoveEvent): boolean {
  return (
    (types.includes('*') || types.includes(event.eventType)) && (account === undefined || account === event.account)
  );
}

function prototypeOf(wrapper: AppInstance): object | undefined {
  const { instance, metatype, isAlias, isNotMetatype }: { instance: unknown; metatype: unknown } & AppInstance =
    wrapper;
  if (isAlias) return undefined;
  if (!isNotMetatype && typeof metatype === 'function') return objectOf(metatype.prototype);
  return typeof instance === 'object' && instance !== null ? objectOf(Object.getPrototypeOf(instance)) : undefined;
}

function objectOf(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null && value !== Object.prototype ? value : undefined;
}

function isMethod(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}
