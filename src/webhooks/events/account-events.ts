import type { EventData } from './event-data.js';
import { readBalance, type EventBalance } from './event-parts.js';
import type { LalamoveEventFacts } from './lalamove-event-facts.js';
import { LalamoveWebhookEvent } from './lalamove-webhook-event.js';

type Raw = Readonly<Record<string, unknown>>;

/** `WALLET_BALANCE_CHANGED`: what is left in the account's wallet. */
export class WalletBalanceChangedEvent extends LalamoveWebhookEvent {
  readonly eventType = 'WALLET_BALANCE_CHANGED';
  readonly balance: EventBalance;

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, raw);
    this.balance = readBalance(data.part('balance'));
  }
}

/** An event that is newer than this package, or whose `data` lacks what gives its type its meaning. */
export class UnknownLalamoveEvent extends LalamoveWebhookEvent {
  readonly eventType = 'UNKNOWN';
  /** The type as it was sent: **not signed**. */
  readonly sentEventType: string;
  /** Of a type that is known: the member that `data` lacks, such as `order.orderId`. */
  readonly missing: string | undefined;

  /** Made by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, raw: Raw, missing?: string) {
    super(facts, raw);
    this.sentEventType = facts.eventType;
    this.missing = missing;
  }
}
