import { setTimeout as pause } from 'node:timers/promises';
import { OnLalamoveEvent, type LalamoveEvent } from '../../src/index.js';
import { OnDelivery, type DeliveryEvent } from '../../src/deliveries/index.js';
import { writeJournal, type EventCall, type WebhookCall } from './journal.js';

/** A call without its part of the time. */
type Call = Omit<EventCall, 'call' | 'pid' | 'at'> | Omit<WebhookCall, 'call' | 'pid' | 'at'>;

/** The settings of {@link JournalHandler}. */
export interface JournalHandlerParts {
  readonly journal: string | undefined;
  /** One of this number of calls fails before its end, so that it must be repeated. */
  readonly failsOneIn: number;
  /** Called in the middle of a call. */
  readonly handling: () => void;
}

/** Writes the start and the end of each call to the journal. Every second call takes a few ms. */
export class JournalHandler {
  static parts: JournalHandlerParts = { journal: undefined, failsOneIn: Infinity, handling: () => undefined };

  #calls = 0;

  @OnDelivery('*')
  onDelivery({ reference, id }: DeliveryEvent): Promise<void> | undefined {
    return this.#handle({ reference, id });
  }

  @OnLalamoveEvent('*')
  onWebhook({ fingerprint }: LalamoveEvent): Promise<void> | undefined {
    return this.#handle({ fingerprint });
  }

  #handle(what: Call): Promise<void> | undefined {
    const { journal, failsOneIn, handling } = JournalHandler.parts;
    if (journal === undefined) return undefined;
    this.#calls += 1;
    const count = this.#calls;
    const call = { ...what, call: `${process.pid}-${count}`, pid: process.pid };
    writeJournal(journal, { ...call, at: 'start' });
    const end = (): void => {
      handling();
      const hasFailed = count % failsOneIn === 0;
      writeJournal(journal, { ...call, at: hasFailed ? 'failed' : 'end' });
      if (hasFailed) throw new Error('The handler fails on purpose.');
    };
    if (count % 2 === 0) return pause(1 + (count % 5)).then(end);
    end();
    return undefined;
  }
}
