import type { InspectionQuery } from '../deliveries/inspection.js';
import { DELIVERY_STATES, type DeliveryState } from '../deliveries/domain/delivery-progress.js';
import { RefusedRequest } from './board-problem.js';

/** The address of a request. */
export function addressOf({ url }: { readonly url?: string | undefined }): URL {
  // Two slashes at the beginning would be read as a host.
  return new URL(`http://localhost/${(url ?? '').replace(/^\/+/, '')}`);
}

/** Which deliveries a request asks for. @throws RefusedRequest */
export function inspectionQuery({ searchParams }: URL, limit: number): InspectionQuery {
  const states = (searchParams.get('states') ?? '').split(',').filter((name) => name !== '');
  const account = searchParams.get('account');
  const cursor = searchParams.get('cursor');
  return {
    states: states.map(stateOf),
    ...(account !== null && { account }),
    ...(cursor !== null && { cursor }),
    limit,
  };
}

function stateOf(name: string): DeliveryState {
  const state = DELIVERY_STATES.find((known) => known === name);
  if (state === undefined) throw new RefusedRequest(400, 'One of the states does not exist.');
  return state;
}

/** The delivery that a request asks for. @throws RefusedRequest */
export function deliveryQuery({ searchParams }: URL): { reference: string; account: string | undefined } {
  const reference = searchParams.get('reference');
  if (reference === null) throw new RefusedRequest(400, 'The query needs a reference.');
  return { reference, account: searchParams.get('account') ?? undefined };
}
