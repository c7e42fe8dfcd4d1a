import { useEffect, useState } from 'preact/hooks';
import type { DeliveryKey } from './read-board.js';
import { FILTERS, type Filter } from './states.js';

/** What the page shows: a list, and a delivery beside it. */
export interface Route {
  /** `undefined` if the address names none. */
  readonly filter: Filter | undefined;
  /** The account whose deliveries are listed; `undefined` for all accounts. */
  readonly account: string | undefined;
  readonly selected: DeliveryKey | undefined;
}

/**
 * The address of a list, and of a delivery in it.
 *
 * @param only the account whose deliveries are listed, `undefined` for all; without it, the choice stays
 */
export function hrefOf(
  filter: Filter,
  selected?: DeliveryKey,
  { account: only }: Pick<Route, 'account'> = routeIn(location.hash),
): string {
  const query = only === undefined ? '' : `?account=${encodeURIComponent(only)}`;
  if (!selected) return `#/${filter}${query}`;
  const { reference, account } = selected;
  const suffix = account === undefined ? '' : `/${encodeURIComponent(account)}`;
  return `#/${filter}/${encodeURIComponent(reference)}${suffix}${query}`;
}

function routeIn(hash: string): Route {
  const [path = '', query = ''] = hash.split('?');
  const [, filter, reference, account] = path.split('/');
  return {
    filter: FILTERS.find((name) => name === filter),
    account: new URLSearchParams(query).get('account') ?? undefined,
    selected:
      reference === undefined || reference === ''
        ? undefined
        : { reference: decoded(reference), account: account === undefined ? undefined : decoded(account) },
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The route in the address, which redraws the component when it changes. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const update = (): void => {
      setHash(location.hash);
    };
    addEventListener('hashchange', update);
    return () => {
      removeEventListener('hashchange', update);
    };
  }, []);
  return routeIn(hash);
}

/** Whether both name the same delivery. */
export function isSame(a: DeliveryKey | undefined, b: DeliveryKey | undefined): boolean {
  return a !== undefined && a.reference === b?.reference && a.account === b.account;
}

/** A delivery as one text, for keys. */
export function keyText({ reference, account }: DeliveryKey): string {
  return JSON.stringify([account ?? null, reference]);
}
