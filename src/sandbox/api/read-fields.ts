import { isRecord } from '../../internal/is-record.js';
import { Refusal } from './refusal.js';

/** The `data` of a request. */
export type Data = Readonly<Record<string, unknown>>;

/** Refuses members that the schema does not have. The message was recorded; it came without a pointer. */
export function refuseUnknownMembers(value: unknown, known: readonly string[]): void {
  const unknown = isRecord(value) ? Object.keys(value).filter((name) => !known.includes(name)) : [];
  if (unknown.length === 0) return;
  const message = `additionalProperties ${unknown.map((name) => `'${name}'`).join(', ')} not allowed`;
  throw new Refusal('ERR_UNKNOWN_FIELD', { message });
}

/** The recorded message for a value that is not one of the allowed ones. */
export function allowedValues(pointer: string, values: readonly string[]): { pointer: string; message: string } {
  return { pointer, message: `value must be one of ${values.map((value) => JSON.stringify(value)).join(', ')}` };
}

/** Reads a required string. */
export function requiredString(data: Data, name: string, parent = '/data'): string {
  const value = data[name];
  const pointer = `${parent}/${name}`;
  if (value === undefined || value === null) throw new Refusal('ERR_MISSING_FIELD', pointer);
  // The guide of v2 has status 409 for this code, v3 answers 422.
  if (value === '') throw new Refusal('ERR_REQUIRED_FIELD', { pointer, status: 422 });
  if (typeof value !== 'string') throw new Refusal('ERR_INVALID_FIELD', pointer);
  return value;
}

/** Reads a required array. */
export function requiredArray(data: Data, name: string): unknown[] {
  const value = data[name];
  if (value === undefined || value === null) throw new Refusal('ERR_MISSING_FIELD', `/data/${name}`);
  if (!Array.isArray(value)) throw new Refusal('ERR_INVALID_FIELD', `/data/${name}`);
  return value;
}

/** Reads an array of strings. A missing one is empty. */
export function stringArray(data: Data, name: string, parent = '/data'): string[] {
  const value = data[name] ?? [];
  if (!Array.isArray(value)) throw new Refusal('ERR_INVALID_FIELD', `${parent}/${name}`);
  return value.map((text: unknown, index) => {
    if (typeof text !== 'string') throw new Refusal('ERR_INVALID_FIELD', `${parent}/${name}/${index}`);
    return text;
  });
}

/** Reads a boolean. A missing one is `false`. */
export function booleanOf(data: Data, name: string): boolean {
  const value = data[name] ?? false;
  if (typeof value !== 'boolean') throw new Refusal('ERR_INVALID_FIELD', `/data/${name}`);
  return value;
}
