import { Global, Injectable, Module, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { LalamoveErrorPolicies } from './error-policies.js';
import { appFilter, delegatingFilter, LalamoveExceptionFilter } from './lalamove-exception.filter.js';
import { isObject } from '../internal/is-object.js';

/** Binds the filter by its class, because `overrideFilter` of a testing module replaces only filters bound this way. */
@Injectable()
@UseFilters(LalamoveExceptionFilter)
class OverridableFilter {}

/** A module of its own: `app.get` returns the last provider, so this one must come after the module that binds it. */
@Global()
@Module({
  providers: [
    LalamoveErrorPolicies,
    // For a host that binds the filter itself. It also handles accounts with `errors.filter: false`.
    {
      provide: LalamoveExceptionFilter,
      inject: [HttpAdapterHost, LalamoveErrorPolicies],
      useFactory: (adapterHost: HttpAdapterHost, policies: LalamoveErrorPolicies) =>
        appFilter(adapterHost, policies, (error) => policies.failure(error) !== undefined),
    },
  ],
  exports: [LalamoveErrorPolicies, LalamoveExceptionFilter],
})
class LalamoveFilterModule {}

/** Registers the one filter of an app. A static module, so that it exists once for any number of accounts. */
@Module({
  imports: [LalamoveFilterModule],
  providers: [
    OverridableFilter,
    {
      provide: APP_FILTER,
      inject: [HttpAdapterHost, LalamoveErrorPolicies, ModulesContainer],
      useFactory: (adapterHost: HttpAdapterHost, policies: LalamoveErrorPolicies, modules: ModulesContainer) => {
        const own = appFilter(adapterHost, policies, () => true);
        return delegatingFilter(
          (error) => policies.covers(error),
          () => overridden(modules) ?? own,
        );
      },
    },
  ],
  exports: [LalamoveFilterModule],
})
export class LalamoveErrorsModule {}

/** The filter that a test put in place of ours with `overrideFilter`; `undefined` if there is none. */
function overridden(modules: ModulesContainer): ExceptionFilter | undefined {
  for (const { injectables, metatype } of modules.values()) {
    if (metatype !== LalamoveErrorsModule) continue;
    const instance: unknown = injectables.get(LalamoveExceptionFilter)?.instance;
    if (isFilter(instance) && instance.constructor !== LalamoveExceptionFilter) return instance;
  }
  return undefined;
}

function isFilter(value: unknown): value is ExceptionFilter {
  return isObject(value) && 'catch' in value && typeof value.catch === 'function';
}
