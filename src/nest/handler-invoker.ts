import type { Type } from '@nestjs/common';
import { ContextIdFactory, ModuleRef, type ModulesContainer } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { enhancersOf, parameterType, runEnhanced } from './method-enhancers.js';

/** A module of the app, as stored in Nest's container. */
type AppModule = ModulesContainer extends Map<string, infer Entry> ? Entry : never;

/** A provider or controller, as stored in its module. */
export type AppInstance = AppModule['providers'] extends Map<unknown, infer Wrapper> ? Wrapper : never;

/** A handler method, with its class and its module. */
export interface FoundMethod<Subscription> {
  readonly module: AppModule;
  readonly wrapper: AppInstance;
  readonly prototype: object;
  readonly methodName: string;
  readonly method: (...args: unknown[]) => unknown;
  readonly isController: boolean;
  readonly subscriptions: readonly Subscription[];
}

/** Calls a handler method with an event, in an execution context of type `'lalamove'`. */
export async function invokeHandler(found: FoundMethod<unknown>, event: object): Promise<void> {
  const { module, wrapper, method, methodName, prototype, isController } = found;
  const contextId = ContextIdFactory.create();
  const moduleRef = moduleRefOf(found);
  const isStatic = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
  // Request-scoped providers and enhancers are created for each event. Their `REQUEST` is the event.
  moduleRef.registerRequestByContextId(event, contextId);
  const instance: unknown = isStatic
    ? wrapper.instance
    : await moduleRef.resolve<unknown>(wrapper.token, contextId, { strict: true });
  // The enhancers of a controller class apply to its routes only.
  const owners = isController ? [method] : [prototype.constructor, method];
  const enhancers = await enhancersOf(owners, (given) => {
    if (!isClass(given)) return given;
    // Nest registers the enhancers of a class, but not those of an object from a factory.
    const isKnown = module.injectables.has(given) || module.providers.has(given);
    return isKnown
      ? moduleRef.resolve<unknown>(given, contextId, { strict: true })
      : moduleRef.create<unknown>(given, contextId);
  });
  const context = new ExecutionContextHost(
    [event],
    isClass(prototype.constructor) ? prototype.constructor : null,
    method,
  );
  context.setType('lalamove');
  await runEnhanced(
    enhancers,
    context,
    (argument) => method.call(instance, argument),
    parameterType(prototype, methodName),
  );
}

function moduleRefOf({ module }: Pick<FoundMethod<unknown>, 'module'>): ModuleRef {
  const moduleRef: unknown = module.providers.get(ModuleRef)?.instance;
  if (moduleRef instanceof ModuleRef) return moduleRef;
  throw new TypeError(`The module ${module.name} has no ModuleRef.`);
}

function isClass(value: unknown): value is Type<unknown> {
  return typeof value === 'function';
}
