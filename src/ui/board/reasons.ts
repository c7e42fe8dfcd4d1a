import type { BoardDelivery } from '../../board/board-answers.js';

/** The ways to resolve a delivery that needs attention. */
export type Way = 'order' | 'rebook' | 'end';

/** What a reason means, in plain words. */
export interface ReasonText {
  readonly title: string;
  /** What has happened, and what to find out. */
  readonly text: string;
  /** What can be done, the most likely first. */
  readonly ways: readonly Way[];
  /** Whether an order may be active that the board does not know: then a person must look at Lalamove first. */
  readonly needsLook: boolean;
  /** Whether the price limit is what stopped it. */
  readonly isAboutPrice?: boolean;
}

const LOOK = 'Look for the order in Lalamove’s app or ask its customer service.';

const REASONS: Readonly<Record<string, ReasonText>> = {
  PRICE_ABOVE_MAX: {
    title: 'The price is above the limit',
    text: 'Lalamove’s quotation costs more than this delivery may cost. Nothing has been ordered.',
    ways: ['rebook', 'end'],
    needsLook: false,
    isAboutPrice: true,
  },
  QUOTATION_EXPIRED: {
    title: 'The quotation has expired',
    text: 'It expired before it was ordered, and the policy does not ask for a new one. Nothing has been ordered.',
    ways: ['rebook', 'end'],
    needsLook: false,
  },
  STOPS_UNMATCHED: {
    title: 'The stops cannot be matched to the recipients',
    text:
      'It is not certain which recipient is at which stop. Nothing has been ordered, because a parcel could go to ' +
      'the wrong person. Correct the addresses, or end the delivery.',
    ways: ['rebook', 'end'],
    needsLook: false,
  },
  OUTCOME_UNKNOWN: {
    title: 'It is not known whether there is an order',
    text: `The answer to an order was lost. A courier may be on the way, or there may be no order. ${LOOK}`,
    ways: ['order', 'rebook', 'end'],
    needsLook: true,
  },
  ORDER_ALREADY_KNOWN: {
    title: 'The order belongs to another delivery',
    text: `Lalamove has named an order that another delivery has already. ${LOOK}`,
    ways: ['order', 'rebook', 'end'],
    needsLook: true,
  },
  ORDER_NOT_FOUND: {
    title: 'Lalamove does not know the order',
    text: `Its keys may have changed, or the order is gone. Check the keys of the account. ${LOOK}`,
    ways: ['order', 'rebook', 'end'],
    needsLook: true,
  },
  NO_DRIVER: {
    title: 'No driver has taken the order',
    text: 'It was tried as often as the policy allows, and the delivery has failed. Book again under a new reference.',
    ways: [],
    needsLook: false,
  },
  CANCELED_UNEXPLAINED: {
    title: 'The order was canceled, and nobody knows by whom',
    text: 'Customer service may have replaced it by another order. Ask them: if there is a replacement, give its id.',
    ways: ['order', 'rebook', 'end'],
    needsLook: true,
  },
  REPLACEMENT_MISSING: {
    title: 'Customer service has canceled the order',
    text: 'No replacement was named in time. Ask customer service: if there is a replacement, give its id.',
    ways: ['order', 'rebook', 'end'],
    needsLook: true,
  },
  LALAMOVE_AWAY: {
    title: 'Lalamove has failed too often in a row',
    text: 'Nothing more is tried by itself. Book again when Lalamove works.',
    ways: ['rebook', 'end'],
    needsLook: false,
  },
  ACCOUNT_UNKNOWN: {
    title: 'The account is not set up',
    text: 'The app does not know the keys of this delivery’s account. A developer must register the account first.',
    ways: ['rebook', 'order', 'end'],
    needsLook: false,
  },
  ACCOUNT_UNAVAILABLE: {
    title: 'The keys of the account cannot be read',
    text: 'The app could not get the keys of this delivery’s account. A developer must repair that first.',
    ways: ['rebook', 'order', 'end'],
    needsLook: false,
  },
  DATABASE_RESTORED: {
    title: 'The database was restored from a backup',
    text: `An order that the backup does not have may be on the way. ${LOOK}`,
    ways: ['order', 'rebook', 'end'],
    needsLook: true,
  },
  REQUEST_ERASED: {
    title: 'Its personal data are erased',
    text: 'Without names and addresses it cannot be booked any more.',
    ways: ['end'],
    needsLook: false,
  },
  ERR_INSUFFICIENT_CREDIT: {
    title: 'The wallet has not enough credit',
    text: 'Lalamove has refused the order. Top up the wallet, then book again.',
    ways: ['rebook', 'end'],
    needsLook: false,
  },
  ERR_INVALID_PHONE_NUMBER: {
    title: 'A phone number is not valid',
    text: 'Lalamove has refused a phone number, because it is not valid in this market. Correct it, then book again.',
    ways: ['rebook', 'end'],
    needsLook: false,
  },
  ERR_OUT_OF_SERVICE_AREA: {
    title: 'A stop is outside of the service area',
    text: 'Lalamove does not deliver there. Correct the address, or end the delivery.',
    ways: ['rebook', 'end'],
    needsLook: false,
  },
};

/** A reason, as it is stored. */
interface StoredReason {
  readonly code: string;
  readonly message: string;
  /** JSON pointers to what Lalamove has refused. */
  readonly fields?: readonly string[] | undefined;
}

/** What a reason means. An unknown code shows the message that is stored with it. */
export function reasonText({ code, message, fields = [] }: StoredReason): ReasonText {
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  // The message of refused fields tells a developer what to call.
  const text = fields.length > 0 ? 'It does not accept what is named here. Correct it, then book again.' : message;
  return known ?? { title: 'Lalamove has refused it', text, ways: ['rebook', 'order', 'end'], needsLook: false };
}

/** What a delivery needs from a person; `undefined` if it needs nothing. */
export function attentionOf({ delivery, attempts }: BoardDelivery): ReasonText | undefined {
  const { reason, state } = delivery;
  const isUnknown = attempts.some(({ outcome }) => outcome === 'unknown' || outcome === 'reserved');
  if (reason && state === 'failed') return { ...reasonText(reason), ways: [] };
  if (reason && state === 'needs_attention') return isUnknown ? withLook(reasonText(reason)) : reasonText(reason);
  // Before the waiting time is over, the order may be given already.
  if (state === 'booking' && attempts.some(({ outcome }) => outcome === 'unknown'))
    return {
      title: 'The answer to an order was lost',
      text: 'The package looks for the order, and waits. If you see the order in Lalamove’s app, give its id.',
      ways: ['order'],
      needsLook: true,
    };
  return undefined;
}

/** Another reason, such as missing keys, may come while the outcome of an attempt is unknown. */
function withLook(text: ReasonText): ReasonText {
  if (text.needsLook) return text;
  return {
    ...text,
    text: `${text.text} The answer to an order was lost before that: a courier may be on the way. ${LOOK}`,
    ways: ['order', ...text.ways.filter((way) => way !== 'order')],
    needsLook: true,
  };
}

/** A JSON pointer into a booking, in words: `the phone of recipient 1`. */
export function fieldName(pointer: string): string {
  const [, group = '', ...rest] = pointer.split('/');
  const last = rest.at(-1) ?? '';
  if (group === 'recipients') return `the ${last} of recipient ${Number(rest[0]) + 1}`;
  if (group === 'sender') return `the ${last} of the sender`;
  if (group === 'quotation' && rest[0] === 'stops') {
    const index = Number(rest[1]);
    return `the ${last} of ${index === 0 ? 'the pick-up' : `drop-off ${index}`}`;
  }
  return [group, ...rest].filter((part) => part !== '').join(' ');
}
