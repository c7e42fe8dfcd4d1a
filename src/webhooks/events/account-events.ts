import type { EventData } from './event-data.js';
import { readBalance, type EventBalance } from './event-parts.js';
import type { LalamoveEventFacts } from './lalamove-event-facts.js';
import { LalamoveWebhookEvent } from './lalamove-webhook-event.js';

type Raw = Readonly<Record<string, unknown>>;

/** `WALLET_BALANCE_CHANGED`: the new balance of the account's wallet. */
export class WalletBalanceChangedEvent extends LalamoveWebhookEvent {
  readonly eventType = 'WALLET_BALANCE_CHANGED';
  readonly balance: EventBalance;

  /** Created by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, data: EventData, raw: Raw) {
    super(facts, raw);
    this.balance = readBalance(data.part('balance'));
  }
}

/** An event whose type is newer than this package, or whose `data` lack a required member of its type. */
export class UnknownLalamoveEvent extends LalamoveWebhookEvent {
  readonly eventType = 'UNKNOWN';
  /** The type that was sent. It is **not signed**. */
  readonly sentEventType: string;
  /** For a known type: the required member that `data` lack, such as `order.orderId`. */
  readonly missing: string | undefined;

  /** Created by `readLalamoveEvent`. */
  constructor(facts: LalamoveEventFacts, raw: Raw, missing?: string) {
    super(facts, raw);
    this.sentEventType = facts.eventType;
    this.missing = missing;
  }
}
