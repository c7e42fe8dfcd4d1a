import {
  ForbiddenException,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  FILTER_CATCH_EXCEPTIONS,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PARAMTYPES_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import { hasMethods } from '../internal/value-checks.js';
import { defer, from, isObservable, lastValueFrom, mergeAll, of, switchMap, type Observable } from 'rxjs';

/** The enhancers of one method, created for one event. */
export interface MethodEnhancers {
  readonly guards: readonly CanActivate[];
  readonly pipes: readonly PipeTransform[];
  readonly interceptors: readonly NestInterceptor[];
  /** The filters of the method come before those of its class. */
  readonly filters: readonly ExceptionFilter[];
}

/** Converts the argument of a decorator, a class or an instance, to an enhancer. */
export type MakeEnhancer = (given: unknown) => unknown;

/**
 * Reads the enhancers of a method and of its class.
 *
 * @param owners the objects with the metadata: the class, if its enhancers apply, and the method
 */
export async function enhancersOf(owners: readonly object[], make: MakeEnhancer): Promise<MethodEnhancers> {
  const all = async <Enhancer extends object>(key: string, method: keyof Enhancer): Promise<Enhancer[]> => {
    const given = owners.flatMap((owner) => listed(Reflect.getMetadata(key, owner)));
    const made = await Promise.all(given.map(make));
    return made.filter((enhancer): enhancer is Enhancer => hasMethods(method)(enhancer));
  };
  const [guards, pipes, interceptors, filters] = await Promise.all([
    all<CanActivate>(GUARDS_METADATA, 'canActivate'),
    all<PipeTransform>(PIPES_METADATA, 'transform'),
    all<NestInterceptor>(INTERCEPTORS_METADATA, 'intercept'),
    all<ExceptionFilter>(EXCEPTION_FILTERS_METADATA, 'catch'),
  ]);
  return { guards, pipes, interceptors, filters: filters.reverse() };
}

/**
 * Runs a method in the order of Nest: first the guards, then the interceptors around the pipes and the method. Filters
 * handle thrown errors.
 *
 * @param metatype the type of the method's parameter, for pipes
 * @throws the error that no filter handled; ForbiddenException if a guard refuses
 */
export async function runEnhanced(
  { guards, pipes, interceptors, filters }: MethodEnhancers,
  context: ExecutionContext & ArgumentsHost,
  method: (argument: unknown) => unknown,
  metatype: unknown,
): Promise<void> {
  try {
    for (const guard of guards) {
      if (!(await settled(guard.canActivate(context)))) throw new ForbiddenException();
    }
    await lastValueFrom(
      intercepted(interceptors, context, async () => method(await piped(pipes, context.getArgByIndex(0), metatype))),
      { defaultValue: undefined },
    );
  } catch (error) {
    const filter = filters.find((candidate) => catches(candidate, error));
    if (!filter) throw error;
    await settled(filter.catch(error, context));
  }
}

/** The type of a method's first parameter, from TypeScript's metadata. */
export function parameterType(prototype: object, name: string): unknown {
  return listed(Reflect.getMetadata(PARAMTYPES_METADATA, prototype, name))[0];
}

async function piped(pipes: readonly PipeTransform[], argument: unknown, metatype: unknown): Promise<unknown> {
  let value = argument;
  const type = isClass(metatype) ? metatype : undefined;
  for (const pipe of pipes) value = await pipe.transform(value, { type: 'custom', metatype: type, data: undefined });
  return value;
}

function intercepted(
  interceptors: readonly NestInterceptor[],
  context: ExecutionContext,
  method: () => Promise<unknown>,
): Observable<unknown> {
  const [first, ...others] = interceptors;
  if (!first) return defer(method).pipe(switchMap((value) => (isObservable(value) ? value : of(value))));
  // `defer` runs the inner interceptors at each subscription, so outer interceptors can catch their errors and retry.
  const next = { handle: () => defer(() => intercepted(others, context, method)) };
  return from(Promise.resolve(first.intercept(context, next))).pipe(mergeAll());
}

function catches(filter: ExceptionFilter, error: unknown): boolean {
  const types = listed(Reflect.getMetadata(FILTER_CATCH_EXCEPTIONS, filter.constructor));
  return types.length === 0 || types.some((type) => typeof type === 'function' && error instanceof type);
}

async function settled(value: unknown): Promise<unknown> {
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : await value;
}

function isClass(value: unknown): value is Type<unknown> {
  return typeof value === 'function';
}

function listed(metadata: unknown): unknown[] {
  return Array.isArray(metadata) ? metadata : [];
}
