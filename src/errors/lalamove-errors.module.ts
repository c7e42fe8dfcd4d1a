import { Global, Injectable, Module, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { LalamoveErrorPolicies } from './error-policies.js';
import { appFilter, delegatingFilter, LalamoveExceptionFilter } from './lalamove-exception.filter.js';

/** Binds the filter by its class: `overrideFilter` of a testing module replaces what is bound so, and nothing else. */
@Injectable()
@UseFilters(LalamoveExceptionFilter)
class OverridableFilter {}

/** Apart from the module that binds the filter by its class, and after it: `app.get` gives what was provided last. */
@Global()
@Module({
  providers: [
    LalamoveErrorPolicies,
    // For a host that binds the filter by itself: this one also catches what `errors.filter: false` has switched off.
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

/** Registers the one filter of an app. A static module, so that it exists once, however many accounts import it. */
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

/** What stands in place of the filter that is bound by its class; `undefined` where that is the filter itself. */
function overridden(modules: ModulesContainer): ExceptionFilter | undefined {
  for (const { injectables, metatype } of modules.values()) {
    if (metatype !== LalamoveErrorsModule) continue;
    const instance: unknown = injectables.get(LalamoveExceptionFilter)?.instance;
    if (isFilter(instance) && instance.constructor !== LalamoveExceptionFilter) return instance;
  }
  return undefined;
}

function isFilter(value: unknown): value is ExceptionFilter {
  return typeof value === 'object' && value !== null && 'catch' in value && typeof value.catch === 'function';
}
