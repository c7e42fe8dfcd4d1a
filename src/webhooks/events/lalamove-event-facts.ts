/**
 * The facts of a received event, to store it and to recreate it with `readLalamoveEvent`. Every member can be written
 * as JSON.
 */
export interface LalamoveEventFacts {
  /** The type that Lalamove sent. It is not signed, so it is checked against `data`. */
  readonly eventType: string;
  /** Lalamove's id of the event, a UUID. It is not signed. */
  readonly eventId?: string | undefined;
  /** A hash of the signature, the same for each duplicate of the event: 43 characters of base64url. */
  readonly fingerprint: string;
  /** The signed timestamp, in Unix ms. */
  readonly signedAt: number;
  /** When the event was received, in Unix ms. */
  readonly receivedAt: number;
  /**
   * The account of the event: the name of the registration, or the one that `resolveAccount` returned; `undefined` for
   * the default account.
   */
  readonly account?: string | undefined;
  /** The API key whose secret signed the event. */
  readonly apiKey: string;
  /** The JSON text of `data`, which is signed. */
  readonly data: string;
}
