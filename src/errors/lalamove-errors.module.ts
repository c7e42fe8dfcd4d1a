import { Global, Module } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { LalamoveErrorPolicies } from './error-policies.js';
import { appFilter, LalamoveExceptionFilter } from './lalamove-exception.filter.js';

/** Registers the one filter of an app. A static module, so that it exists once, however many accounts import it. */
@Global()
@Module({
  providers: [
    LalamoveErrorPolicies,
    {
      provide: APP_FILTER,
      inject: [HttpAdapterHost, LalamoveErrorPolicies],
      useFactory: (adapterHost: HttpAdapterHost, policies: LalamoveErrorPolicies) =>
        appFilter(adapterHost, policies, (error) => policies.covers(error)),
    },
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
export class LalamoveErrorsModule {}
