import type { TrackedDeliveries } from '../deliveries/application/tracked-deliveries.js';
import { InvalidDeliveryException } from '../deliveries/delivery.exceptions.js';
import { deliveryKey, optionsOf, type DeliveryAccount } from '../deliveries/dto/method-inputs.js';
import type { LinkCodec } from './link-codec.js';
import { DURATION_REMEDY, secondsOf, type LinkDuration } from './link-duration.js';

/** Options of `linkFor`. */
export interface TrackingLinkOptions extends DeliveryAccount {
  /** How long the link is valid. By default `expiresAfter` of the module. */
  expiresIn?: LinkDuration;
  /**
   * Whose view it shows: the index in `recipients` of the booking.
   *
   * @default 0
   */
  recipient?: number;
}

/** The dependencies of {@link DeliveriesTracking}. */
export interface DeliveriesTrackingParts {
  readonly deliveries: () => TrackedDeliveries;
  readonly codec: LinkCodec;
  /** The address before the secret part, without a slash at its end. */
  readonly base: () => string;
  readonly expirySeconds: number;
}

/** Makes and revokes the links to the tracking page. Inject it anywhere. */
export class DeliveriesTracking {
  readonly #parts: DeliveriesTrackingParts;

  /** Made by `DeliveriesTrackingModule`. */
  constructor(parts: DeliveriesTrackingParts) {
    this.#parts = parts;
  }

  /**
   * A link that shows one recipient of a delivery where it is. Whoever has the link can open it, until it expires or is
   * revoked. It contains neither the reference nor the account in readable form.
   *
   * @returns a URL if the module has a `publicUrl`, otherwise a path
   * @throws InvalidDeliveryException if the delivery has no such recipient, or an option cannot be used
   * @throws DeliveryNotFoundException
   */
  async linkFor(reference: string, options: TrackingLinkOptions = {}): Promise<string> {
    const { deliveries, codec, base, expirySeconds } = this.#parts;
    const key = deliveryKey(reference, options);
    const { expiresIn, recipient = 0 } = optionsOf(options);
    const seconds = expiresIn === undefined || expiresIn === null ? expirySeconds : secondsOf(expiresIn);
    if (seconds === undefined) throw invalid('/expiresIn', DURATION_REMEDY);
    const tracked = deliveries();
    const { id, request, progress } = await tracked.get(key);
    const count = request?.recipients.length ?? 256;
    if (typeof recipient !== 'number' || !Number.isInteger(recipient) || recipient < 0 || recipient >= count) {
      throw invalid('/recipient', `must be a whole number from 0 to ${count - 1}: an index in recipients`);
    }
    const expiresAt = Math.floor(tracked.now() / 1000) + seconds;
    const token = codec.seal({ deliveryId: id, recipient, generation: progress.revokedLinks ?? 0, expiresAt });
    return `${base()}/${token}`;
  }

  /**
   * Makes all links to a delivery that were made until now invalid, at once and in every process. Links that are made
   * afterwards are valid.
   *
   * @throws DeliveryNotFoundException
   */
  async revoke(reference: string, options: DeliveryAccount = {}): Promise<void> {
    await this.#parts.deliveries().revokeLinks(deliveryKey(reference, options));
  }
}

function invalid(pointer: string, message: string): InvalidDeliveryException {
  return new InvalidDeliveryException([{ pointer, message }]);
}
