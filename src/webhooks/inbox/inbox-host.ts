import { Injectable } from '@nestjs/common';
import { InMemoryLalamoveInbox } from './in-memory-inbox.js';
import type { LalamoveInbox } from './lalamove-inbox.js';

/** Holds the inbox of the app, as `HttpAdapterHost` holds its adapter. A module that brings another puts it here before the app starts. */
@Injectable()
export class LalamoveInboxHost {
  /**
   * Where events go.
   *
   * @default an {@link InMemoryLalamoveInbox}
   */
  inbox: LalamoveInbox = new InMemoryLalamoveInbox();
}
