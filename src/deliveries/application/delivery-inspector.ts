import { setImmediate } from 'node:timers/promises';
import { isRecord } from '../../internal/is-record.js';
import { parsedJson } from '../../internal/parsed-json.js';
import { coordinatesOf, type GeoCoordinates } from '../coordinates.js';
import { accountName, deliveryOf } from '../delivery.js';
import { DeliveryNotFoundException } from '../delivery.exceptions.js';
import { DELIVERY_STATES } from '../domain/delivery-progress.js';
import type {
  DeliveriesInspection,
  InspectedAttempt,
  InspectedDelivery,
  InspectedEntry,
  InspectedEvent,
  InspectedPage,
  InspectedStop,
  InspectionQuery,
  ListedDelivery,
  SearchResult,
  WalletBalance,
} from '../inspection.js';
import { positionOf } from '../dto/method-inputs.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { DeliveryPlace, StoredAttempt, StoredWebhookText } from '../storage/inspection-storage.js';
import type { DeliveriesStorage } from '../storage/storage.js';
import type { ListedDelivery as ListedRow, StoredEvent, StoredPage } from '../storage/stored-types.js';
import type { DeliveryQueries } from './delivery-queries.js';
import { geocodedStops } from './geocoded-stops.js';
import { readWebhookEvent } from './webhook-updates.js';

/** How many rows one step of a search looks at: about 2 ms of an embedded database. */
const STEP_ROWS = 500;

const DEFAULT_MAX_LOOKED = 200_000;

/** The dependencies of {@link DeliveryInspector}. */
export interface DeliveryInspectorParts {
  readonly storage: Pick<DeliveriesStorage, 'find' | 'inspection' | 'timeline'>;
  readonly queries: Pick<DeliveryQueries, 'timeline'>;
}

/** Reads for operators. It changes nothing. */
export class DeliveryInspector implements DeliveriesInspection {
  constructor(private readonly parts: DeliveryInspectorParts) {}

  async newest({ states = [], account, cursor, limit }: InspectionQuery): Promise<InspectedPage> {
    const { inspection } = this.parts.storage;
    const before = positionOf(cursor);
    const asked = states.length === 0 || states.length === DELIVERY_STATES.length ? [undefined] : states;
    const pages: StoredPage[] = [];
    // One query for each state, because an index has the order within a state alone.
    for (const state of asked) pages.push(await inspection.newest({ state, account, before, limit }));
    const rows = pages.flatMap(({ entries }) => entries);
    const sorted = rows.length > limit || asked.length > 1 ? rows.sort(newestFirst).slice(0, limit) : rows;
    const isMore = rows.length > sorted.length || pages.some(({ next }) => next !== undefined);
    const [last] = isMore ? sorted.slice(-1).map(placeOf) : [];
    return { ...listOf(sorted), cursor: last && `${last.createdAt}.${last.id}` };
  }

  async search(
    text: string,
    { limit, maxLooked = DEFAULT_MAX_LOOKED, signal }: Parameters<DeliveriesInspection['search']>[1],
  ): Promise<SearchResult> {
    const { inspection } = this.parts.storage;
    const wanted = text.trim();
    if (wanted === '') return { deliveries: [], unreadable: [], looked: 0, isComplete: true };
    const found = new Map<string, ListedRow>();
    const add = (row: ListedRow): unknown => found.set(placeOf(row).id, row);
    if (/^\d{6,30}$/.test(wanted)) (await inspection.ofOrder(wanted)).forEach(add);
    const plain = wanted.replace(/[\s()+-]/g, '');
    const digits = /^\d{4,15}$/.test(plain) ? plain : undefined;
    let before: DeliveryPlace | undefined;
    let looked = 0;
    for (;;) {
      const step = await inspection.search({ text: wanted, digits, before, rows: STEP_ROWS });
      looked += step.looked;
      step.entries.filter((row) => isWanted(row, wanted, digits)).forEach(add);
      before = step.next;
      const isOver = found.size >= limit || looked >= maxLooked || signal?.aborted === true;
      if (before === undefined || isOver) break;
      // An embedded database blocks: others have their turn between two steps.
      await setImmediate();
    }
    return { ...listOf([...found.values()].slice(0, limit)), looked, isComplete: before === undefined };
  }

  async details(reference: string, account: string | undefined): Promise<InspectedDelivery> {
    const { storage, queries } = this.parts;
    const record = await storage.find(account ?? '', reference);
    if (!record) throw new DeliveryNotFoundException(reference, account);
    const entries = await queries.timeline({ reference, account: account ?? '' });
    // Both lists have the same rows in the same order, but for events that were committed in between.
    const events = await storage.timeline(record.id);
    const payloads = events.map(payloadOf);
    const { request, progress } = record;
    return {
      delivery: listedOf(record),
      stops: request && stopsOf(request, geocodedIn(record, payloads)),
      serviceType: request?.quotation.serviceType,
      scheduleAt: record.scheduleAt === undefined ? undefined : new Date(record.scheduleAt).toISOString(),
      maxPrice: progress.maxPrice,
      priorityFee: progress.order?.priorityFee === '' ? undefined : progress.order?.priorityFee,
      attempts: (await storage.inspection.attempts(record.id)).map(attemptOf),
      timeline: entries.flatMap((entry, index): InspectedEntry[] => {
        const event = events[index];
        return event ? [{ ...entry, id: event.id, payload: payloads[index] }] : [];
      }),
    };
  }

  lastEventId(): Promise<number> {
    return this.parts.storage.inspection.lastChange();
  }

  async eventsSince(eventId: number, limit: number): Promise<readonly InspectedEvent[]> {
    const changes = await this.parts.storage.inspection.changesSince(eventId, limit);
    return changes.map(({ occurredAt, account, ...change }) => ({
      ...change,
      account: accountName(account),
      at: isoOf(occurredAt),
    }));
  }

  async wallets(): Promise<readonly WalletBalance[]> {
    const { inspection } = this.parts.storage;
    const balances = new Map<string, WalletBalance>();
    for (const webhook of await inspection.latestWebhooks('WALLET_BALANCE_CHANGED', WALLET_ROWS)) {
      const balance = balanceIn(webhook);
      const key = JSON.stringify([balance?.account, balance?.currency]);
      // Webhooks arrive in any order: the signed time decides.
      if (balance && balance.at > (balances.get(key)?.at ?? '')) balances.set(key, balance);
    }
    return [...balances.values()];
  }
}

/** `undefined` for a webhook that this version cannot read: the worker reports it. */
function balanceIn(webhook: StoredWebhookText): WalletBalance | undefined {
  try {
    const event = readWebhookEvent(webhook);
    if (event.eventType !== 'WALLET_BALANCE_CHANGED') return undefined;
    return { account: accountName(webhook.account), ...event.balance, at: event.occurredAt };
  } catch {
    return undefined;
  }
}

/** A webhook about a wallet comes with each order that is paid, so the last one is among the latest rows. */
const WALLET_ROWS = 2_000;

function listOf(rows: readonly ListedRow[]): Omit<InspectedPage, 'cursor'> {
  return {
    deliveries: rows.flatMap((row) => ('record' in row ? [listedOf(row.record)] : [])),
    unreadable: rows.flatMap((row) =>
      'record' in row ? [] : [{ reference: row.reference, account: accountName(row.account) }],
    ),
  };
}

function listedOf(record: DeliveryRecord): ListedDelivery {
  const { request } = record;
  return {
    ...deliveryOf(record),
    recipients: request?.recipients.map(({ name }) => name),
    dropOffs: request?.quotation.stops.slice(1).map(addressOf),
  };
}

function isWanted(row: ListedRow, text: string, digits: string | undefined): boolean {
  const { reference, request } = 'record' in row ? row.record : { ...row, request: undefined };
  if (reference.toLowerCase().includes(text.toLowerCase())) return true;
  if (digits === undefined || !request) return false;
  return [request.sender, ...request.recipients].some(({ phone }) => phone.endsWith(digits));
}

type BookedStop = NonNullable<DeliveryRecord['request']>['quotation']['stops'][number];

/** Only if the booking leaves the coordinates to Lalamove. */
function geocodedIn(
  { request, progress }: DeliveryRecord,
  payloads: readonly (string | undefined)[],
): readonly (GeoCoordinates | undefined)[] {
  const orderId = progress.order?.orderId;
  if (!request || orderId === undefined || request.quotation.stops.every(({ coordinates }) => coordinates)) return [];
  const { stops, isRouteOptimized } = request.quotation;
  const parsed = payloads.map((payload) => parsedJson(payload ?? ''));
  return geocodedStops(stops, orderId, parsed, isRouteOptimized === true);
}

function stopsOf(
  { quotation, sender, recipients }: NonNullable<DeliveryRecord['request']>,
  geocoded: readonly (GeoCoordinates | undefined)[],
): InspectedStop[] {
  return quotation.stops.map((stop, index) => {
    const recipient = index === 0 ? undefined : recipients[index - 1];
    const contact = index === 0 ? sender : recipient;
    return {
      address: addressOf(stop),
      coordinates: coordinatesOf(stop.coordinates) ?? geocoded[index],
      name: contact?.name ?? '',
      phone: contact?.phone ?? '',
      remarks: recipient?.remarks ?? undefined,
    };
  });
}

/** A stop has an address, coordinates, or both. */
function addressOf({ address, coordinates }: BookedStop): string {
  return address ?? (coordinates ? `${coordinates.lat}, ${coordinates.lng}` : '');
}

const OUTCOMES = ['reserved', 'placed', 'refused', 'unknown', 'abandoned', 'replaced'] as const;

function attemptOf({ outcome, reservedAt, settledAt, ...attempt }: StoredAttempt): InspectedAttempt {
  return {
    ...attempt,
    // Another version may know more. What is not known is unknown.
    outcome: OUTCOMES.find((known) => known === outcome) ?? 'unknown',
    reservedAt: isoOf(reservedAt),
    settledAt: settledAt === undefined ? undefined : isoOf(settledAt),
  };
}

/** Lalamove's `data` of a webhook. An erased one is empty. */
function payloadOf({ source, payload }: StoredEvent): string | undefined {
  if (source !== 'webhook') return undefined;
  try {
    const facts: unknown = JSON.parse(payload);
    return isRecord(facts) && typeof facts.data === 'string' && facts.data !== '' ? facts.data : undefined;
  } catch {
    return undefined;
  }
}

function newestFirst(a: ListedRow, b: ListedRow): number {
  const [one, other] = [placeOf(a), placeOf(b)];
  return other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1);
}

function placeOf(row: ListedRow): DeliveryPlace {
  return 'record' in row ? { createdAt: row.record.createdAt, id: row.record.id } : row.place;
}

function isoOf(ms: number): string {
  const at = new Date(ms);
  return Number.isNaN(at.valueOf()) ? '' : at.toISOString();
}
