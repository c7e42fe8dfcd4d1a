import type { Coordinates } from '../../api/answers/quotation.js';
import type { ProofOfDelivery } from '../../api/answers/order.js';
import type { EventData } from './event-data.js';

/** What an order costs: decimal strings in `currency`. */
export interface EventPrice {
  /** ISO 4217, e.g. `HKD`; empty where it was not told. */
  readonly currency: string;
  /** Without the priority fee. Lalamove spells it `subtotal` or `subTotal`. */
  readonly subtotal: string;
  readonly priorityFee: string;
  readonly totalPrice: string;
}

/** What is in a wallet. */
export interface EventBalance {
  /** ISO 4217, e.g. `HKD`; empty where it was not told. */
  readonly currency: string;
  /** A decimal string. */
  readonly amount: string;
}

/** A driver, as an event tells of him. */
export interface EventDriver {
  readonly driverId: string;
  readonly name: string;
  /** E.164. */
  readonly phone: string;
  /** Masked. */
  readonly plateNumber: string;
  /** URL, or empty. */
  readonly photo: string;
}

/** A stop of an order in an event: what was told of it. The stops stand in the order of the route. */
export interface EventStop {
  readonly coordinates?: Coordinates;
  readonly address?: string;
  readonly name?: string;
  readonly phone?: string;
  /** Proof of delivery. The time of it, a wall clock of some zone, stays in `raw`. */
  readonly POD?: Readonly<Pick<ProofOfDelivery, 'status' | 'image'>>;
  /** Proof of pick-up: URLs of photos. */
  readonly POP?: { readonly imageUrls: readonly string[] };
  readonly deliveryCode?: EventDeliveryCode;
}

/** The code that a recipient tells the driver. */
export interface EventDeliveryCode {
  readonly value: string;
  readonly status: 'Pending' | 'Verified' | 'Not Applicable' | (string & {});
}

/** @throws DataMisfit */
export function readPrice(data: EventData): EventPrice {
  return {
    currency: data.optionalText('currency') ?? '',
    subtotal: data.filledText('subtotal') ?? data.filledText('subTotal') ?? '0',
    priorityFee: data.filledText('priorityFee') ?? '0',
    totalPrice: data.text('totalPrice'),
  };
}

/** @throws DataMisfit */
export function readBalance(data: EventData): EventBalance {
  return { currency: data.optionalText('currency') ?? '', amount: data.text('amount') };
}

/** @throws DataMisfit */
export function readDriver(data: EventData): EventDriver {
  return {
    driverId: data.text('driverId'),
    name: data.optionalText('name') ?? '',
    phone: data.optionalText('phone') ?? '',
    plateNumber: data.optionalText('plateNumber') ?? '',
    photo: data.optionalText('photo') ?? '',
  };
}

/** A stop with whatever is told of it. */
export function readStop(data: EventData): EventStop {
  const coordinates = data.coordinates('coordinates');
  const address = data.optionalText('address');
  const name = data.optionalText('name');
  const phone = data.optionalText('phone');
  const proof = data.optionalPart('POD');
  const pickUp = data.optionalPart('POP');
  const code = data.optionalPart('deliveryCode') ?? data.optionalPart('delivery_code');
  // Member by member: to spread objects that may be missing takes ten times as long.
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
