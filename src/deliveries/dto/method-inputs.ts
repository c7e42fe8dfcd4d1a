import { isRecord } from '../../internal/is-record.js';
import { isWellFormed } from '../../internal/well-formed.js';
import { InvalidDeliveryException } from '../delivery.exceptions.js';
import { LABEL } from './book-delivery.dto.js';
import { DELIVERY_STATES, type DeliveryState } from '../domain/delivery-progress.js';

/** The account to which a reference belongs. */
export interface DeliveryAccount {
  /** The account's name. If it is left out, the default account is used. */
  account?: string;
}

/** The key of a delivery. */
export interface DeliveryKey {
  readonly reference: string;
  /** The account's name; empty for the default account. */
  readonly account: string;
}

/** The validated query of `list`. */
export interface ListQuery {
  readonly state: DeliveryState | undefined;
  readonly account: string | undefined;
  readonly after: { readonly createdAt: number; readonly id: string } | undefined;
  readonly limit: number;
}

/**
 * Validates a reference and its options. `null` means the same as left out.
 *
 * @throws InvalidDeliveryException
 */
export function deliveryKey(reference: unknown, options: unknown): DeliveryKey {
  if (typeof reference !== 'string') throw invalid('/reference', 'must be a string');
  return { reference, account: accountIn(optionsOf(options)) ?? '' };
}

/**
 * Validates the filters, the cursor and the limit of `list`. `null` means the same as left out.
 *
 * @throws InvalidDeliveryException
 */
export function listQuery(query: unknown): ListQuery {
  const given = optionsOf(query);
  const account = accountIn(given);
  if (account !== undefined && !isWellFormed(account)) throw invalid('/account', 'must be well-formed Unicode');
  const state = given.state ?? undefined;
  const known = DELIVERY_STATES.find((name) => name === state);
  if (state !== undefined && known === undefined) {
    throw invalid('/state', `must be one of ${DELIVERY_STATES.join(', ')}`);
  }
  const limit = given.limit ?? 100;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > 1000) {
    throw invalid('/limit', 'must be a whole number from 1 to 1000');
  }
  return { state: known, account, after: positionOf(given.cursor ?? undefined), limit };
}

/**
 * Returns the members of an options object; none if the object is left out or `null`.
 *
 * @throws InvalidDeliveryException
 */
export function optionsOf(options: unknown): Readonly<Record<string, unknown>> {
  if (options === undefined || options === null) return {};
  if (!isRecord(options)) throw invalid('', 'the options must be an object, or left out');
  return options;
}

/**
 * Who acts, from the options of `cancel`.
 *
 * @throws InvalidDeliveryException
 */
export function whoActs(options: unknown): string | undefined {
  const { by } = optionsOf(options);
  if (by === undefined || by === null) return undefined;
  if (typeof by === 'string' && LABEL.test(by) && isWellFormed(by)) return by;
  throw invalid('/by', 'must be a string of 1 to 200 characters without control characters');
}

/**
 * The time of the last change that a person has seen, in ms, from the options of `resolve`.
 *
 * @throws InvalidDeliveryException
 */
export function unmodifiedSince(options: unknown): number | undefined {
  const { ifUnmodifiedSince: since = null } = optionsOf(options);
  if (since === null) return undefined;
  const at = typeof since === 'string' ? Date.parse(since) : Number.NaN;
  if (Number.isNaN(at)) throw invalid('/ifUnmodifiedSince', 'must be the updatedAt of the delivery');
  return at;
}

function accountIn({ account }: Readonly<Record<string, unknown>>): string | undefined {
  if (account === undefined || account === null) return undefined;
  if (typeof account !== 'string') throw invalid('/account', 'must be a string, or left out for the default account');
  return account;
}

/**
 * The position of a cursor.
 *
 * @throws InvalidDeliveryException
 */
export function positionOf(cursor: unknown): ListQuery['after'] {
  if (cursor === undefined) return undefined;
  const [at = '', id = ''] = typeof cursor === 'string' ? cursor.split('.', 2) : [];
  if (!/^\d{1,16}$/.test(at) || id === '')
    throw invalid('/cursor', 'cursor must be the one that the page before has returned');
  return { createdAt: Number(at), id };
}

function invalid(pointer: string, message: string): InvalidDeliveryException {
  return new InvalidDeliveryException([{ pointer, message }]);
}
