import type { DeliveriesStorage } from '../storage/storage.js';
import type { ClockWatch } from './clock-watch.js';
import type { DurableInbox } from './durable-inbox.js';
import type { OutboxDispatcher } from './outbox-dispatcher.js';

/** How many deliveries are erased in a round. */
const ERASE_BATCH = 500;

/** What a round looks after. */
export interface SweepRoundParts {
  readonly storage: Pick<DeliveriesStorage, 'eraseOld'>;
  readonly watch: Pick<ClockWatch, 'check'>;
  readonly inbox: Pick<DurableInbox, 'sweep'>;
  readonly dispatcher: Pick<OutboxDispatcher, 'wake'>;
  readonly now: () => number;
  /** After how long deliveries that have ended are erased, in ms; `undefined`: never. */
  readonly retentionMs: number | undefined;
}

/** What a sweep does beside feeding what is due; each part of it is bounded. */
export class SweepRound {
  constructor(private readonly parts: SweepRoundParts) {}

  async run(): Promise<void> {
    const { storage, watch, inbox, dispatcher, now, retentionMs } = this.parts;
    await watch.check();
    await inbox.sweep();
    if (retentionMs !== undefined) await storage.eraseOld(now() - retentionMs, ERASE_BATCH);
    dispatcher.wake();
  }
}
