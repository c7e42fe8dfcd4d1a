import type { LalamoveOperation } from '../api/endpoints.js';
import { keepLatest } from './keep-latest.js';
import type { SignatureVerdict } from './api/signature-verdict.js';
import type { WebhookEventType } from '../api/webhook-event-types.js';

/** What the sandbox received or did, by kind. */
export type SandboxLogFields =
  | {
      readonly kind: 'request';
      /** The number of the request, counted from 1. */
      readonly number: number;
      readonly method: string;
      readonly path: string;
      readonly operation: LalamoveOperation | undefined;
      readonly verdict: SignatureVerdict;
    }
  | {
      readonly kind: 'answer';
      readonly number: number;
      readonly status: number;
      /** Lalamove's error code, if the answer is a refusal. */
      readonly code?: string;
    }
  | { readonly kind: 'fault'; readonly number: number | undefined; readonly id: string; readonly what: string }
  | {
      readonly kind: 'event';
      readonly type: WebhookEventType;
      readonly market: string;
      readonly orderId?: string;
      /** The new status of the order, or the new balance of the wallet. */
      readonly now?: string;
    }
  | {
      readonly kind: 'webhook';
      readonly eventId: string;
      readonly type: string;
      readonly url: string;
      readonly attempt: number;
      readonly outcome: string;
    }
  | {
      /** The receiver drops webhooks because its clock differs. */
      readonly kind: 'untimely';
      readonly eventId: string;
      readonly type: string;
      readonly url: string;
      readonly what: string;
    }
  | { readonly kind: 'url-disabled'; readonly url: string; readonly market: string }
  | { readonly kind: 'driver'; readonly orderId: string; readonly lat: number; readonly lng: number }
  | {
      /** A step of a driver or of customer service was carried out. */
      readonly kind: 'step';
      readonly orderId: string;
      readonly step: string;
      /** For a drop-off that the step names: 1 is the first. */
      readonly stop?: number;
    }
  | {
      /** The next step of a script does not fit the order any more. */
      readonly kind: 'script-ended';
      readonly orderId: string;
      readonly step: string;
      readonly why: string;
    }
  | { readonly kind: 'control'; readonly what: string };

/** A line of the log. */
export type SandboxLogEntry = {
  /** Counted from 1, without gaps. */
  readonly seq: number;
  /** ISO 8601 with ms, by the sandbox's clock. */
  readonly at: string;
} & SandboxLogFields;

/** A live reader of the log. */
export interface LogFollower {
  readonly onEntry: (entry: SandboxLogEntry) => void;
  /** Called when there will be no more entries. */
  readonly end: () => void;
}

/** The latest log entries, and the readers that follow the log live. */
export class SandboxLog {
  readonly #entries: SandboxLogEntry[] = [];
  readonly #followers = new Set<LogFollower>();
  #seq = 0;
  #isEnded = false;

  constructor(
    private readonly now: () => number,
    private readonly limit: number,
  ) {}

  get entries(): readonly SandboxLogEntry[] {
    return this.#entries;
  }

  add(fields: SandboxLogFields): void {
    this.#seq += 1;
    const entry: SandboxLogEntry = { seq: this.#seq, at: new Date(this.now()).toISOString(), ...fields };
    this.#entries.push(entry);
    keepLatest(this.#entries, this.limit);
    for (const { onEntry } of this.#followers) onEntry(entry);
  }

  /** Passes each new entry to the follower. The returned function ends that. */
  follow(follower: LogFollower): () => void {
    if (this.#isEnded) follower.end();
    else this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
    };
  }

  /** Ends the log. There will be no more entries. */
  end(): void {
    this.#isEnded = true;
    for (const { end } of this.#followers) end();
    this.#followers.clear();
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
