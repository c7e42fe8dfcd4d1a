import type { LalamoveEventFacts } from './lalamove-event-facts.js';

/** The members of all events. Events are frozen, so that no handler can change an event for the others. */
export abstract class LalamoveWebhookEvent {
  /** Lalamove's id of the event, a UUID. It is **not signed**: use it for searches, not as a proof. */
  readonly eventId: string | undefined;
  /**
   * A hash of the signature, the same for each duplicate of the event: 43 characters of base64url. Together with
   * `eventType`, which is not signed, it can be your idempotency key.
   */
  readonly fingerprint: string;
  /**
   * When the event happened: ISO 8601, UTC, from the **signed** timestamp, in seconds. Order events by this time; the
   * local times in `raw` have another time zone.
   */
  readonly occurredAt: string;
  /** When the event was received: ISO 8601, UTC. */
  readonly receivedAt: string;
  /**
   * The account of the event: the name of the registration, or the one that `resolveAccount` returned; `undefined` for
   * the default account.
   */
  readonly account: string | undefined;
  /** The signed `data`, including members that are newer than this package. Whole numbers of 16+ digits are strings. */
  readonly raw: Readonly<Record<string, unknown>>;
  // A private field with a getter, so that no JSON and no log holds the key.
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

  /** The API key of the account; with `resolveAccount`, that of the merchant. It is not in the event's JSON. */
  get apiKey(): string {
    return this.#apiKey;
  }
}
