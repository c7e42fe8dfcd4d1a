import type { LalamoveEventFacts } from './lalamove-event-facts.js';

/** What all events have. They are frozen: what one handler does to an event harms no other. */
export abstract class LalamoveWebhookEvent {
  /** Lalamove's id of the event, a UUID; it is **not signed**, so it serves for finding, not for trusting. */
  readonly eventId: string | undefined;
  /** The same for each repetition of the event, for an idempotency key of your own together with `eventType`, which is not signed: a hash of its signature, 43 characters of base64url. */
  readonly fingerprint: string;
  /** When it happened: ISO 8601, UTC, from the **signed** timestamp, to the second. Order events by this; the wall clock in `raw` says another zone's time. */
  readonly occurredAt: string;
  /** When it came: ISO 8601, UTC. */
  readonly receivedAt: string;
  /** Whose event it is: the name of the registration, or what `resolveAccount` said; `undefined` for the default account. */
  readonly account: string | undefined;
  /** The signed `data`, with all that is newer than this package. Whole numbers of 16 digits and more are strings. */
  readonly raw: Readonly<Record<string, unknown>>;
  // A getter alone shows it: no JSON and no log holds a key.
  readonly #apiKey: string;

  constructor(
    { eventId, fingerprint, signedAt, receivedAt, account, apiKey }: LalamoveEventFacts,
    raw: Readonly<Record<string, unknown>>,
  ) {
    this.eventId = eventId;
    this.fingerprint = fingerprint;
    this.occurredAt = new Date(signedAt).toISOString();
    this.receivedAt = new Date(receivedAt).toISOString();
    this.account = account;
    this.raw = raw;
    this.#apiKey = apiKey;
  }

  /** The public key of the account: with `resolveAccount`, the merchant's. It is no part of the event's JSON. */
  get apiKey(): string {
    return this.#apiKey;
  }
}
