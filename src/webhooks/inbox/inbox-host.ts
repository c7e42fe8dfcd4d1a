import { Injectable } from '@nestjs/common';
import { InMemoryLalamoveInbox } from './in-memory-inbox.js';
import type { LalamoveInbox } from './lalamove-inbox.js';

/** Holds the inbox of the app. A module with its own inbox sets it here before the app starts. */
@Injectable()
export class LalamoveInboxHost {
  /**
   * The inbox that accepts the events.
   *
   * @default an {@link InMemoryLalamoveInbox}
   */
  inbox: LalamoveInbox = new InMemoryLalamoveInbox();
}
