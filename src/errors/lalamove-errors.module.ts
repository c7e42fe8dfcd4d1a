import { Global, Module } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { LalamoveErrorPolicies } from './error-policies.js';
import { appWideFilter, LalamoveExceptionFilter } from './lalamove-exception.filter.js';

/** Registers the one filter of an app. A static module, so that it exists once, however many accounts import it. */
@Global()
@Module({
  providers: [
    LalamoveErrorPolicies,
    { provide: LalamoveExceptionFilter, useFactory: appWideFilter, inject: [HttpAdapterHost, LalamoveErrorPolicies] },
    { provide: APP_FILTER, useExisting: LalamoveExceptionFilter },
  ],
  exports: [LalamoveErrorPolicies, LalamoveExceptionFilter],
})
export class LalamoveErrorsModule {}
