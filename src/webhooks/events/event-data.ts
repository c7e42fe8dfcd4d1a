import { isRecord, isStringMap } from '../../is-record.js';
import type { Coordinates } from '../../dto/quotation.js';

/** The `data` of an event is not what its type says. It never leaves this folder. */
export class DataMisfit extends Error {
  override readonly name = 'DataMisfit';
}

/** A part of an event's `data`, looked into by name. What must be there and is not is a {@link DataMisfit}. */
export class EventData {
  constructor(private readonly members: Readonly<Record<string, unknown>>) {}

  /** Whether a member is there, and not null. */
  has(name: string): boolean {
    return Object.hasOwn(this.members, name) && this.members[name] !== null && this.members[name] !== undefined;
  }

  /** @throws DataMisfit where one of these is there: it belongs to another type */
  refuse(...names: readonly string[]): void {
    const odd = names.find((name) => this.has(name));
    if (odd !== undefined) throw new DataMisfit(`It has ${odd}.`);
  }

  /** @throws DataMisfit where it is no object */
  part(name: string): EventData {
    const value = this.#value(name);
    if (!isRecord(value)) throw new DataMisfit(`It has no ${name}.`);
    return new EventData(value);
  }

  /** An object that may be missing. */
  optionalPart(name: string): EventData | undefined {
    const value = this.#value(name);
    return isRecord(value) ? new EventData(value) : undefined;
  }

  /** @throws DataMisfit where it is no list of objects */
  parts(name: string): EventData[] {
    const value = this.#value(name);
    if (!Array.isArray(value) || !value.every(isRecord)) throw new DataMisfit(`It has no list of ${name}.`);
    return value.map((members) => new EventData(members));
  }

  /** @throws DataMisfit where there is no text, or an empty one */
  text(name: string): string {
    const text = this.optionalText(name);
    if (text === undefined || text === '') throw new DataMisfit(`It has no ${name}.`);
    return text;
  }

  /** A text that may be missing; numbers are written out. */
  optionalText(name: string): string | undefined {
    const value = this.#value(name);
    if (typeof value === 'number') return decimal(value);
    return typeof value === 'string' ? value : undefined;
  }

  /** A list of texts; what is none in it is left out. */
  texts(name: string): string[] {
    const value = this.#value(name);
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
  }

  /** The host's own metadata. */
  metadata(): Readonly<Record<string, string>> | undefined {
    const value = this.#value('metadata');
    return isStringMap(value) ? value : undefined;
  }

  /** A place, as decimal strings; `undefined` where half of it is missing. */
  coordinates(name: string): Coordinates | undefined {
    const place = this.optionalPart(name);
    const lat = place?.optionalText('lat');
    const lng = place?.optionalText('lng');
    return lat === undefined || lng === undefined ? undefined : { lat, lng };
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }
}

/** A number without an exponent; nothing for one that is too large to be one. */
function decimal(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  const text = String(value);
  if (!text.includes('e')) return text;
  return Math.abs(value) < 1 ? value.toFixed(20).replace(/\.?0+$/, '') : String(BigInt(value));
}
