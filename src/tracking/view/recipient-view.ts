import { createHash } from 'node:crypto';
import type { Driver } from '../../api/answers/driver.js';
import type { DriverReading } from '../../deliveries/application/driver-reads.js';
import type { TrackedHistory } from '../../deliveries/application/tracked-deliveries.js';
import { coordinatesOf, type GeoCoordinates } from '../../deliveries/coordinates.js';
import { positionOf } from '../../deliveries/delivery-position.js';
import { isTerminal } from '../../deliveries/domain/delivery-progress.js';
import type { DeliveryRecord } from '../../deliveries/storage/delivery-record.js';
import { isRecord } from '../../internal/is-record.js';
import type { TrackingEntry, TrackingPhase, TrackingView } from '../tracking-view.js';
import {
  metresBetween,
  ownStopIndex,
  stopsIn,
  stopsInWebhooks,
  type KnownProof,
  type KnownStop,
} from './order-stops.js';
import { recipientTimeline, type OwnEnd } from './recipient-timeline.js';

/** A driver nearer than this to another stop may be at its door. */
const OTHER_STOP_METRES = 150;

/** A proof's picture can come after the end. So long the page waits for it. */
const LATE_PROOF_MS = 10 * 60_000;

/** A time of Lalamove's that is further from when we heard it is a local time behind a false `Z`. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** What a view is made of. */
export interface ViewFacts {
  readonly record: DeliveryRecord;
  readonly history: TrackedHistory;
  /** What Lalamove says of the order, if it was read. */
  readonly order: unknown;
  readonly reading: DriverReading | undefined;
  readonly recipient: number;
  readonly hasDriverPhone: boolean;
  /** Unix ms. */
  readonly now: number;
}

/** A view, and what the server alone may know. */
export interface RecipientView {
  readonly view: TrackingView;
  /** Lalamove's address of the picture of the own proof. */
  readonly proofImage: string | undefined;
  /** Lalamove's address of the driver's photo. */
  readonly photo: string | undefined;
  /** Whether the order should be read, because webhooks have not told enough. */
  readonly needsOrder: boolean;
}

/** What one recipient may see of a delivery. Pure. */
export function recipientView(facts: ViewFacts): RecipientView {
  const { record, history, recipient, now } = facts;
  const { state, request, progress, scheduleAt } = record;
  const stops = knownStops(facts);
  const own = stops && request ? ownStopIndex(request, recipient, stops) : undefined;
  const ownStop = own === undefined ? undefined : stops?.[own];
  const proof = shownProof(ownStop?.proof, record);
  const isSettled = proof !== undefined;
  const ownEnd = endOf(proof, state);
  const timeline = recipientTimeline(history.events, ownEnd);
  const stopsBefore = own === undefined || isSettled ? undefined : openBefore(stops, own);
  const phase = phaseOf(record, ownEnd);
  const isUnderWay = phase === 'to_pick_up' || phase === 'on_the_way';
  const driver = isUnderWay || phase === 'delivered' || phase === 'not_delivered' ? driverOf(facts) : undefined;
  const contact = request?.recipients[recipient];
  const asked = request?.quotation.stops[recipient + 1];
  const place = coordinatesOf(asked?.coordinates) ?? ownStop?.place;
  const isAlone = request?.recipients.length === 1;
  const position =
    phase === 'on_the_way' && facts.reading && (isAlone || stopsBefore === 0)
      ? sharedPosition(facts, facts.reading, stops, own)
      : undefined;
  const isWaitingForProof =
    request?.isPODEnabled === true && !(proof && (proof.image !== '' || proof.status === 'failed'));
  const phone = facts.hasDriverPhone && isUnderWay ? driver?.phone : undefined;
  const view: TrackingView = {
    phase,
    step: stepOf(phase, timeline),
    ...(scheduleAt !== undefined &&
      scheduleAt > now &&
      (phase === 'booked' || phase === 'finding_driver') && { scheduledAt: new Date(scheduleAt).toISOString() }),
    ...(stopsBefore !== undefined && !isAlone && phase === 'on_the_way' && { stopsBefore }),
    ...(contact &&
      asked && { recipient: { name: contact.name, address: asked.address ?? '', ...(place && { place }) } }),
    ...(driver && {
      driver: {
        name: driver.name,
        plate: driver.plateNumber,
        ...(phone !== undefined && phone !== '' && { phone }),
        ...(driver.photo !== '' && isUnderWay && { photo: nameOf(driver.photo, driver.driverId) }),
      },
    }),
    ...(position && { position }),
    timeline,
    ...(proof && {
      proof: {
        status: proof.status,
        ...(proof.at !== undefined && { at: proof.at }),
        ...(proof.image !== '' && { image: nameOf(proof.image, proof.status) }),
      },
    }),
    isOver:
      isTerminal(state) && !(isWaitingForProof && state === 'completed' && now - record.updatedAt < LATE_PROOF_MS),
  };
  const isOut = state === 'picked_up' || state === 'completed';
  return {
    view,
    proofImage: proof && proof.image !== '' ? proof.image : undefined,
    photo: view.driver?.photo === undefined ? undefined : driver?.photo,
    needsOrder:
      progress.order !== undefined &&
      ((isOut && isWaitingForProof && (!isAlone || state === 'completed')) || (state === 'picked_up' && !stops)),
  };
}

/**
 * A short name for a picture, from which its address cannot be read. A query does not count: it may be a signature that
 * is new in each answer.
 */
function nameOf(url: string, owner: string): string {
  const [path = ''] = url.split('?', 1);
  return createHash('sha256').update(`${owner} ${path}`).digest('base64url').slice(0, 8);
}

function knownStops({ record, history, order }: ViewFacts): readonly KnownStop[] | undefined {
  const orderId = record.progress.order?.orderId;
  if (orderId === undefined) return undefined;
  const told = stopsInWebhooks(history, orderId);
  const read = isRecord(order) && order.orderId === orderId ? stopsIn(order) : undefined;
  if (!read) return told;
  if (told?.length !== read.length) return read;
  // Each proof from where it has come further.
  return read.map((stop, index) => {
    const heard = told[index];
    return heard?.proof && rank(heard.proof) >= rank(stop.proof) ? { ...stop, proof: heard.proof } : stop;
  });
}

const SETTLED: Readonly<Record<string, 'delivered' | 'signed' | 'failed'>> = {
  DELIVERED: 'delivered',
  SIGNED: 'signed',
  FAILED: 'failed',
  REJECTED: 'failed',
};

function rank(proof: KnownProof | undefined): number {
  if (!proof) return 0;
  return (SETTLED[proof.status] === undefined ? 1 : 2) + (proof.image === '' ? 0 : 1);
}

interface ShownProof {
  readonly status: 'delivered' | 'signed' | 'failed';
  readonly at: string | undefined;
  readonly image: string;
}

function shownProof(proof: KnownProof | undefined, { createdAt }: DeliveryRecord): ShownProof | undefined {
  const status = proof && SETTLED[proof.status];
  if (!status) return undefined;
  const { image, heardAt } = proof;
  const told = Date.parse(proof.at);
  const isPlausible =
    heardAt === undefined ? told >= createdAt : told <= heardAt && heardAt - told <= CLOCK_TOLERANCE_MS;
  const at = isPlausible ? told : heardAt;
  return { status, image, at: at === undefined ? undefined : new Date(at).toISOString() };
}

function endOf(proof: ShownProof | undefined, state: DeliveryRecord['state']): OwnEnd | undefined {
  if (proof) return { kind: proof.status === 'failed' ? 'not_delivered' : 'delivered', at: proof.at };
  return state === 'completed' ? { kind: 'delivered', at: undefined } : undefined;
}

function phaseOf({ state }: DeliveryRecord, ownEnd: OwnEnd | undefined): TrackingPhase {
  if (ownEnd && (state === 'picked_up' || state === 'completed')) return ownEnd.kind;
  switch (state) {
    case 'requested':
    case 'quoting':
    case 'booking':
      return 'booked';
    case 'assigning':
      return 'finding_driver';
    case 'on_going':
      return 'to_pick_up';
    case 'picked_up':
      return 'on_the_way';
    case 'completed':
      return 'delivered';
    case 'canceled':
    case 'failed':
      return state;
    case 'needs_attention':
      return 'delayed';
  }
}

function stepOf(phase: TrackingPhase, timeline: readonly TrackingEntry[]): TrackingView['step'] {
  switch (phase) {
    case 'booked':
    case 'finding_driver':
      return 0;
    case 'to_pick_up':
      return 1;
    case 'on_the_way':
      return 2;
    case 'delivered':
    case 'not_delivered':
      return 3;
    default: {
      const reached = timeline.findLast(({ kind }) => /^(driver_|picked_up|finding_driver|booked)/.test(kind))?.kind;
      if (reached === 'picked_up') return 2;
      return reached === 'driver_found' || reached === 'driver_changed' ? 1 : 0;
    }
  }
}

/** How many drop-offs before this one are not settled; `undefined` if Lalamove does not say so for each of them. */
function openBefore(stops: readonly KnownStop[] | undefined, own: number): number | undefined {
  const before = stops?.slice(1, own) ?? [];
  if (before.some(({ proof }) => proof === undefined)) return undefined;
  return before.filter(({ proof }) => SETTLED[proof?.status ?? ''] === undefined).length;
}

/**
 * The driver of the order, as the webhook of the assignment or, without one, the latest answer describes it. The
 * webhook has the whole number plate, and stays when Lalamove answers no more.
 */
function driverOf({ record, history, reading }: ViewFacts): Omit<Driver, 'coordinates'> | undefined {
  const driverId = record.progress.order?.driverId;
  if (driverId === undefined || driverId === '') return undefined;
  const told = history.webhooks
    .map(({ data }) => data.driver)
    .filter((driver) => isRecord(driver))
    .findLast((driver) => driver.driverId === driverId);
  const read = reading?.driver.driverId === driverId ? reading.driver : undefined;
  const known: unknown = told ?? read;
  if (!isRecord(known)) return undefined;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    driverId,
    name: text(known.name),
    phone: text(known.phone),
    plateNumber: text(known.plateNumber),
    photo: text(known.photo) || text(read?.photo),
  };
}

/**
 * The position, unless it may give away where another stop is: the driver must be away from all of them, and where they
 * are must be known.
 */
function sharedPosition(
  facts: ViewFacts,
  reading: DriverReading,
  stops: readonly KnownStop[] | undefined,
  own: number | undefined,
): TrackingView['position'] {
  const position = positionOf(reading);
  const others = position && (placesBeside(stops, own) ?? placesAsked(facts));
  if (!position || !others) return undefined;
  return others.every((place) => metresBetween(place, position) > OTHER_STOP_METRES) ? position : undefined;
}

/** Where the other stops are, as Lalamove says; `undefined` if it does not say so of each. */
function placesBeside(
  stops: readonly KnownStop[] | undefined,
  own: number | undefined,
): readonly GeoCoordinates[] | undefined {
  if (!stops || own === undefined) return undefined;
  const others = stops.flatMap(({ place }, index) => (index === own || !place ? [] : [place]));
  return others.length === stops.length - 1 ? others : undefined;
}

/** Where the other stops are, as they were booked; `undefined` if one has no coordinates. */
function placesAsked({ record: { request }, recipient }: ViewFacts): readonly GeoCoordinates[] | undefined {
  const asked = request?.quotation.stops ?? [];
  const others = asked.flatMap(({ coordinates }, index) => {
    const place = coordinatesOf(coordinates);
    return index === recipient + 1 || !place ? [] : [place];
  });
  return asked.length > 1 && others.length === asked.length - 1 ? others : undefined;
}
