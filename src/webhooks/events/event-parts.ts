import type { Coordinates } from '../../api/answers/quotation.js';
import type { ProofOfDelivery } from '../../api/answers/order.js';
import type { EventData } from './event-data.js';

/** The price of an order, as decimal strings in `currency`. */
export interface EventPrice {
  /** ISO 4217, e.g. `HKD`; empty if the event does not have it. */
  readonly currency: string;
  /** The price without the priority fee. Lalamove spells it `subtotal` or `subTotal`. */
  readonly subtotal: string;
  readonly priorityFee: string;
  readonly totalPrice: string;
}

/** The balance of a wallet. */
export interface EventBalance {
  /** ISO 4217, e.g. `HKD`; empty if the event does not have it. */
  readonly currency: string;
  /** A decimal string. */
  readonly amount: string;
}

/** A driver in an event. */
export interface EventDriver {
  readonly driverId: string;
  readonly name: string;
  /** In E.164 form. */
  readonly phone: string;
  /** With some characters masked. */
  readonly plateNumber: string;
  /** A URL, or empty. */
  readonly photo: string;
}

/** A stop of an order in an event, with the members that the event has. The stops are in the order of the route. */
export interface EventStop {
  readonly coordinates?: Coordinates;
  readonly address?: string;
  readonly name?: string;
  readonly phone?: string;
  /** Proof of delivery. Its time is only in `raw`, because Lalamove sends it without a known time zone. */
  readonly POD?: Readonly<Pick<ProofOfDelivery, 'status' | 'image'>>;
  /** Proof of pick-up: URLs of photos. */
  readonly POP?: { readonly imageUrls: readonly string[] };
  readonly deliveryCode?: EventDeliveryCode;
}

/** The code that the recipient gives to the driver. */
export interface EventDeliveryCode {
  readonly value: string;
  readonly status: 'Pending' | 'Verified' | 'Not Applicable' | (string & {});
}

/** @throws MissingMemberError */
export function readPrice(data: EventData): EventPrice {
  return {
    currency: data.optionalText('currency') ?? '',
    subtotal: data.filledText('subtotal') ?? data.filledText('subTotal') ?? '0',
    priorityFee: data.filledText('priorityFee') ?? '0',
    totalPrice: data.text('totalPrice'),
  };
}

/** @throws MissingMemberError */
export function readBalance(data: EventData): EventBalance {
  return { currency: data.optionalText('currency') ?? '', amount: data.text('amount') };
}

/** @throws MissingMemberError */
export function readDriver(data: EventData): EventDriver {
  return {
    driverId: data.text('driverId'),
    name: data.optionalText('name') ?? '',
    phone: data.optionalText('phone') ?? '',
    plateNumber: data.optionalText('plateNumber') ?? '',
    photo: data.optionalText('photo') ?? '',
  };
}

/** Reads a stop with the members that the event has. */
export function readStop(data: EventData): EventStop {
  const coordinates = data.coordinates('coordinates');
  const address = data.optionalText('address');
  const name = data.optionalText('name');
  const phone = data.optionalText('phone');
  const proof = data.optionalPart('POD');
  const pickUp = data.optionalPart('POP');
  const code = data.optionalPart('deliveryCode') ?? data.optionalPart('delivery_code');
  // Member by member because spreads of optional objects take ten times as long.
  const stop: { -readonly [Name in keyof EventStop]: EventStop[Name] } = {};
  if (coordinates) stop.coordinates = coordinates;
  if (address !== undefined) stop.address = address;
  if (name !== undefined) stop.name = name;
  if (phone !== undefined) stop.phone = phone;
  if (proof) stop.POD = readProof(proof);
  if (pickUp) stop.POP = { imageUrls: pickUp.texts('imageUrls') };
  if (code) {
    stop.deliveryCode = { value: code.optionalText('value') ?? '', status: code.optionalText('status') ?? '' };
  }
  return stop;
}

function readProof(data: EventData): NonNullable<EventStop['POD']> {
  const status = data.optionalText('status') ?? '';
  const image = data.optionalText('image');
  return image === undefined ? { status } : { status, image };
}
