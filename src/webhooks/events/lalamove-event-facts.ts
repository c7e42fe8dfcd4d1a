/** All that is known of an event that came by webhook: enough to store it, and to make it again with `readLalamoveEvent`. Every member can be written as JSON. */
export interface LalamoveEventFacts {
  /** As Lalamove named it. It is not signed: what does not fit `data` is not believed. */
  readonly eventType: string;
  /** Lalamove's id of the event, a UUID; it is not signed either. */
  readonly eventId?: string | undefined;
  /** The same for each repetition of the event: a hash of its signature. 43 characters of base64url. */
  readonly fingerprint: string;
  /** The signed timestamp, in Unix ms. */
  readonly signedAt: number;
  /** When it came, in Unix ms. */
  readonly receivedAt: number;
  /** Whose event it is: the name of the registration, or what `resolveAccount` said; `undefined` for the default account. */
  readonly account?: string | undefined;
  /** The public key whose secret has signed it. */
  readonly apiKey: string;
  /** The JSON text of `data`, which is what is signed. */
  readonly data: string;
}
