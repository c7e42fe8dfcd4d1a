import type {
  BoardChanges,
  BoardDelivery,
  BoardPage,
  BoardPosition,
  BoardSearch,
  BoardSummary,
} from '../../board/board-answers.js';
import type { DeliveryChangesDto } from '../../deliveries/dto/resolve-delivery.dto.js';
import { requestJson } from '../shared/request-json.js';
import { CONFIG } from './config.js';

/** Which delivery. `account` is `undefined` for the default one. */
export interface DeliveryKey {
  readonly reference: string;
  readonly account: string | undefined;
}

/** What an operator decides. */
export type Resolution =
  | { readonly orderId: string }
  | { readonly cancel: true }
  | { readonly rebook: true; readonly maxPrice?: string; readonly changes?: DeliveryChangesDto };

/** The address of data. */
export function dataUrl(name: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const text = new URLSearchParams(given).toString();
  return `${CONFIG.base}data/${name}${text === '' ? '' : `?${text}`}`;
}

/** The server is of the same version as the page, so one member tells whether the answer is what it must be. */
function has<Answer>(name: keyof Answer & string): (value: unknown) => value is Answer {
  return (value): value is Answer => typeof value === 'object' && value !== null && name in value;
}

async function read<Answer>(
  is: (value: unknown) => value is Answer,
  url: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const value = await requestJson(url, signal ? { signal } : {});
  if (is(value)) return value;
  throw new TypeError('The server has answered something else. Load the page again.');
}

export function readSummary(): Promise<BoardSummary> {
  return read(has<BoardSummary>('byState'), dataUrl('summary'));
}

export function readPage(query: { states: string; account?: string; cursor?: string }): Promise<BoardPage> {
  return read(has<BoardPage>('deliveries'), dataUrl('deliveries', query));
}

export function readSearch(q: string, signal: AbortSignal): Promise<BoardSearch> {
  return read(has<BoardSearch>('isComplete'), dataUrl('search', { q }), signal);
}

export function readDelivery({ reference, account }: DeliveryKey): Promise<BoardDelivery> {
  return read(has<BoardDelivery>('timeline'), dataUrl('delivery', { reference, account }));
}

export function readPosition({ reference, account }: DeliveryKey): Promise<BoardPosition> {
  const isPosition = (value: unknown): value is BoardPosition => typeof value === 'object' && value !== null;
  return read(isPosition, dataUrl('position', { reference, account }));
}

/** Whether a message of the stream lists events. */
export const isChanges = has<BoardChanges>('events');

const ACTION = { 'x-lalamove-board': '1' };

export async function cancel({ reference, account }: DeliveryKey): Promise<void> {
  await requestJson(`${CONFIG.base}actions/cancel`, { method: 'POST', headers: ACTION, body: { reference, account } });
}

/** @param seen what the operator has decided on: if it has changed since, nothing is done */
export async function resolve(key: DeliveryKey, resolution: Resolution, seen: string): Promise<void> {
  const { reference, account } = key;
  const body = { reference, account, resolution, seen };
  await requestJson(`${CONFIG.base}actions/resolve`, { method: 'POST', headers: ACTION, body });
}
