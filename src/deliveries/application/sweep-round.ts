import type { DeliveriesStorage } from '../storage/storage.js';
import type { AnnouncedTypes } from './announced-types.js';
import type { ClockWatch } from './clock-watch.js';
import type { DurableInbox } from './durable-inbox.js';
import type { OutboxDispatcher } from './outbox-dispatcher.js';

/** The maximum number of deliveries that a round erases. */
const ERASE_BATCH = 500;

/** The dependencies of {@link SweepRound}. */
export interface SweepRoundParts {
  readonly storage: Pick<DeliveriesStorage, 'eraseOld'>;
  readonly watch: Pick<ClockWatch, 'check'>;
  readonly inbox: Pick<DurableInbox, 'sweep'>;
  readonly dispatcher: Pick<OutboxDispatcher, 'wake'>;
  readonly announced: Pick<AnnouncedTypes, 'refresh'>;
  readonly now: () => number;
  /** The time after which ended deliveries are erased, in ms; `undefined`: never. */
  readonly retentionMs: number | undefined;
}

/** The work of a sweep round, without the due deliveries. The amount of work in each part is bounded. */
export class SweepRound {
  constructor(private readonly parts: SweepRoundParts) {}

  async run(): Promise<void> {
    const { storage, watch, inbox, dispatcher, announced, now, retentionMs } = this.parts;
    await watch.check();
    await announced.refresh();
    await inbox.sweep();
    if (retentionMs !== undefined) await storage.eraseOld(now() - retentionMs, ERASE_BATCH);
    dispatcher.wake();
  }
}
