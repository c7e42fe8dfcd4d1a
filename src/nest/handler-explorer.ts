import type { LoggerService } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { logLine } from '../internal/log-line.js';
import type { AppInstance, FoundMethod } from './handler-invoker.js';
import { isObject } from '../internal/is-object.js';

/** Reads what a decorator stored on a method; empty if the method has no decorator. */
export type ReadSubscriptions<Subscription> = (method: object) => readonly Subscription[];

/**
 * Finds the methods with a decorator in all providers and controllers of an app. Call it after Nest has created them.
 *
 * @param logger gets a warning if two modules provide the same class
 * @returns each method with its name, `Class.method`. The name is unique in the app and does not change at a restart.
 */
export function exploreHandlers<Subscription>(
  modules: ModulesContainer,
  read: ReadSubscriptions<Subscription>,
  logger: LoggerService,
): { name: string; found: FoundMethod<Subscription> }[] {
  const names = new Map<string, number>();
  return foundMethods(modules, read, logger).map((found) => {
    const plain = `${found.prototype.constructor.name}.${found.methodName}`;
    const count = (names.get(plain) ?? 0) + 1;
    names.set(plain, count);
    return { name: count === 1 ? plain : `${plain}#${count}`, found };
  });
}

function foundMethods<Subscription>(
  modules: ModulesContainer,
  read: ReadSubscriptions<Subscription>,
  logger: LoggerService,
): FoundMethod<Subscription>[] {
  const owners = new Map<unknown, string>();
  return [...modules.values()].flatMap((module) =>
    [
      ...[...module.providers.values()].map((wrapper) => ({ wrapper, isController: false })),
      ...[...module.controllers.values()].map((wrapper) => ({ wrapper, isController: true })),
    ].flatMap(({ wrapper, isController }) => {
      const prototype = prototypeOf(wrapper);
      const methods = prototype ? methodsOf(prototype, read) : [];
      if (!prototype || methods.length === 0) return [];
      const identity: unknown = wrapper.isNotMetatype ? wrapper.instance : wrapper.metatype;
      const owner = owners.get(identity);
      if (owner !== undefined) {
        const fields = { class: prototype.constructor.name, runs: owner, left_out: module.name };
        logger.warn(logLine('A class with handlers is provided by two modules: its handlers run once', fields));
        return [];
      }
      owners.set(identity, module.name);
      return methods.map((rest) => ({ module, wrapper, isController, prototype, ...rest }));
    }),
  );
}

const SCANNER = new MetadataScanner();

function methodsOf<Subscription>(
  prototype: object,
  read: ReadSubscriptions<Subscription>,
): Pick<FoundMethod<Subscription>, 'methodName' | 'method' | 'subscriptions'>[] {
  return SCANNER.getAllMethodNames(prototype).flatMap((methodName) => {
    const method: unknown = Reflect.get(prototype, methodName);
    if (!isMethod(method)) return [];
    const subscriptions = read(method);
    return subscriptions.length > 0 ? [{ methodName, method, subscriptions }] : [];
  });
}

function prototypeOf(wrapper: AppInstance): object | undefined {
  const { instance, metatype, isAlias, isNotMetatype }: { instance: unknown; metatype: unknown } & AppInstance =
    wrapper;
  if (isAlias) return undefined;
  if (!isNotMetatype && typeof metatype === 'function') return objectOf(metatype.prototype);
  return isObject(instance) ? objectOf(Object.getPrototypeOf(instance)) : undefined;
}

function objectOf(value: unknown): object | undefined {
  return isObject(value) && value !== Object.prototype ? value : undefined;
}

function isMethod(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}
