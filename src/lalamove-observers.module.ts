import { Module } from '@nestjs/common';
import { CALL_LISTENERS, type CallListeners } from './client/call-listeners.js';
import { WORK_TRACING, WorkTracing } from './internal/work-tracing.js';

/** What other entry points observe of all accounts and deliveries. A static module, so that it exists once. */
@Module({
  providers: [
    { provide: CALL_LISTENERS, useFactory: (): CallListeners => new Set() },
    { provide: WORK_TRACING, useFactory: () => new WorkTracing() },
  ],
  exports: [CALL_LISTENERS, WORK_TRACING],
})
export class LalamoveObserversModule {}
