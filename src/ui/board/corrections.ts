import type { BoardDelivery } from '../../board/board-answers.js';
import type { DeliveryChangesDto } from '../../deliveries/dto/resolve-delivery.dto.js';

/** What a person can correct at a stop, as text of a form. */
export interface StopForm {
  readonly name: string;
  readonly phone: string;
  readonly address: string;
  readonly lat: string;
  readonly lng: string;
}

/** A value that was corrected. */
export interface Correction {
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** The form of a delivery as it is stored, the pick-up first. */
export function stopForms({ stops = [] }: BoardDelivery): StopForm[] {
  return stops.map(({ name, phone, address, coordinates }) => ({
    name,
    phone,
    address,
    lat: coordinates === undefined ? '' : String(coordinates.lat),
    lng: coordinates === undefined ? '' : String(coordinates.lng),
  }));
}

const LABELS: Readonly<Record<keyof StopForm, string>> = {
  name: 'Name',
  phone: 'Phone',
  address: 'Address',
  lat: 'Latitude',
  lng: 'Longitude',
};

const MEMBERS = ['name', 'phone', 'address', 'lat', 'lng'] as const;

/** The name of a stop. */
export function stopName(index: number): string {
  return index === 0 ? 'Pick-up' : `Drop-off ${index}`;
}

/** What was corrected, to be shown before it is sent. */
export function corrections(before: readonly StopForm[], after: readonly StopForm[]): Correction[] {
  return before.flatMap((old, index) => {
    const now = after[index] ?? old;
    return MEMBERS.filter((member) => old[member] !== now[member].trim()).map((member) => ({
      what: `${LABELS[member]} of ${stopName(index).toLowerCase()}`,
      from: old[member],
      to: now[member].trim(),
    }));
  });
}

/** The corrections as `resolve` takes them; `undefined` without any. What was not touched is left out. */
export function changesOf(before: readonly StopForm[], after: readonly StopForm[]): DeliveryChangesDto | undefined {
  const contacts = before.map((old, index) => {
    const now = after[index] ?? old;
    return {
      ...(old.name !== now.name.trim() && { name: now.name.trim() }),
      ...(old.phone !== now.phone.trim() && { phone: now.phone.trim() }),
    };
  });
  const [sender = {}, ...recipients] = contacts;
  const isPlaceChanged = before.some((old, index) =>
    (['address', 'lat', 'lng'] as const).some((member) => old[member] !== (after[index] ?? old)[member].trim()),
  );
  const changes: DeliveryChangesDto = {
    ...(Object.keys(sender).length > 0 && { sender }),
    ...(recipients.some((each) => Object.keys(each).length > 0) && { recipients }),
    ...(isPlaceChanged && {
      quotation: {
        stops: after.map(({ address, lat, lng }) => ({
          address: address.trim(),
          coordinates: { lat: lat.trim(), lng: lng.trim() },
        })),
      },
    }),
  };
  return Object.keys(changes).length === 0 ? undefined : changes;
}
