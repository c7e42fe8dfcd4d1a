import { isRecord } from '../../internal/is-record.js';
import type { Coordinates } from '../../api/answers/quotation.js';

/** The `data` of an event lacks a member without which its type means nothing. It never leaves this folder. */
export class DataMisfit extends Error {
  override readonly name = 'DataMisfit';

  /** @param member its path in `data`, such as `order.orderId` */
  constructor(readonly member: string) {
    super(`It has no ${member}.`);
  }
}

/** A part of an event's `data`, looked into by name. What must be there and is not is a {@link DataMisfit}. */
export class EventData {
  /** @param path of this part in `data`, with a dot behind it */
  constructor(
    private readonly members: Readonly<Record<string, unknown>>,
    private readonly path = '',
  ) {}

  /** @throws DataMisfit where it is no object */
  part(name: string): EventData {
    const part = this.optionalPart(name);
    if (!part) throw new DataMisfit(this.path + name);
    return part;
  }

  /** An object that may be missing. */
  optionalPart(name: string): EventData | undefined {
    const value = this.#value(name);
    return isRecord(value) ? new EventData(value, `${this.path}${name}.`) : undefined;
  }

  /** A list of objects that may be missing; what is none in it counts as an empty one, so that each keeps its place. */
  parts(name: string): EventData[] {
    const value = this.#value(name);
    return Array.isArray(value) ? value.map((entry) => new EventData(isRecord(entry) ? entry : {})) : [];
  }

  /** @throws DataMisfit where there is no text, or an empty one */
  text(name: string): string {
    const text = this.filledText(name);
    if (text === undefined) throw new DataMisfit(this.path + name);
    return text;
  }

  /** A text that may be missing, or empty, which is the same. */
  filledText(name: string): string | undefined {
    const text = this.optionalText(name);
    return text === '' ? undefined : text;
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

  /** The host's own metadata; what is no text in it is left out, and numbers are written out. */
  metadata(): Readonly<Record<string, string>> | undefined {
    const part = this.optionalPart('metadata');
    if (!part) return undefined;
    const entries = Object.keys(part.members).map((name) => [name, part.optionalText(name)] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
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
