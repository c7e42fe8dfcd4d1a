import { isRecord } from '../../internal/is-record.js';
import type { Coordinates } from '../../api/answers/quotation.js';

/** Thrown if the `data` of an event lack a required member of its type. Caught by `readParsedEvent`. */
export class MissingMemberError extends Error {
  override readonly name = 'MissingMemberError';

  /** @param member the path of the member in `data`, such as `order.orderId` */
  constructor(readonly member: string) {
    super(`The data of the event have no ${member}.`);
  }
}

/** Reads the members of an object in an event's `data`. */
export class EventData {
  /** @param path the path of this object in `data`, with a dot at its end */
  constructor(
    private readonly members: Readonly<Record<string, unknown>>,
    private readonly path = '',
  ) {}

  /** Reads a required object. @throws MissingMemberError if it is missing or no object */
  part(name: string): EventData {
    const part = this.optionalPart(name);
    if (!part) throw new MissingMemberError(this.path + name);
    return part;
  }

  /** Reads an optional object. */
  optionalPart(name: string): EventData | undefined {
    const value = this.#value(name);
    return isRecord(value) ? new EventData(value, `${this.path}${name}.`) : undefined;
  }

  /** Reads an optional list of objects. An element that is no object becomes an empty one, so that the order stays. */
  parts(name: string): EventData[] {
    const value = this.#value(name);
    return Array.isArray(value) ? value.map((entry) => new EventData(isRecord(entry) ? entry : {})) : [];
  }

  /** Reads a required text. @throws MissingMemberError if it is missing or empty */
  text(name: string): string {
    const text = this.filledText(name);
    if (text === undefined) throw new MissingMemberError(this.path + name);
    return text;
  }

  /** Reads an optional text. An empty text counts as missing. */
  filledText(name: string): string | undefined {
    const text = this.optionalText(name);
    return text === '' ? undefined : text;
  }

  /** Reads an optional text. A number becomes a decimal string. */
  optionalText(name: string): string | undefined {
    const value = this.#value(name);
    if (typeof value === 'number') return decimal(value);
    return typeof value === 'string' ? value : undefined;
  }

  /** Reads a list of texts. Other elements are left out. */
  texts(name: string): string[] {
    const value = this.#value(name);
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
  }

  /** Reads the host's metadata. Numbers become decimal strings; other values that are no text are left out. */
  metadata(): Readonly<Record<string, string>> | undefined {
    const part = this.optionalPart('metadata');
    if (!part) return undefined;
    const entries = Object.keys(part.members).map((name) => [name, part.optionalText(name)] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  /** Reads coordinates as decimal strings; `undefined` if one of the two is missing. */
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

/** Writes a number without an exponent; `undefined` if it is not finite. */
function decimal(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  const text = String(value);
  if (!text.includes('e')) return text;
  return Math.abs(value) < 1 ? value.toFixed(20).replace(/\.?0+$/, '') : String(BigInt(value));
}
