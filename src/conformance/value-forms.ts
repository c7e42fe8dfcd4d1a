import { isRecord } from '../internal/is-record.js';

/** The form of each member of a JSON value, by its path: `data.stops[].coordinates.lat`. */
export type Forms = ReadonlyMap<string, string>;

/** Members whose names are values of their own. */
const FREE_NAMES = /\bmetadata$/;

/**
 * The forms of all members. The items of a list count together: a member that only some of them have counts as present.
 * An empty text, `null` and an empty list have no form of their own beside another one.
 */
export function formsOf(value: unknown): Forms {
  const forms = new Map<string, Set<string>>();
  collect(value, '', forms);
  return new Map([...forms].map(([path, found]) => [path, joined(found)]));
}

function collect(value: unknown, path: string, forms: Map<string, Set<string>>): void {
  if (path !== '') forms.set(path, (forms.get(path) ?? new Set()).add(formOf(value)));
  if (Array.isArray(value)) {
    for (const item of value) collect(item, `${path}[]`, forms);
  } else if (isRecord(value) && !FREE_NAMES.test(path)) {
    for (const [name, member] of Object.entries(value)) collect(member, path === '' ? name : `${path}.${name}`, forms);
  }
}

function formOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'empty list' : 'list';
  if (typeof value !== 'string') return typeof value;
  if (value === '') return 'empty text';
  if (/^-?\d+(\.\d+)?$/.test(value)) return 'number in a text';
  return /^\d{4}-\d\d-\d\dT/.test(value) ? 'time in a text' : 'text';
}

function joined(found: ReadonlySet<string>): string {
  const full = [...found].filter((form) => !['empty text', 'null', 'empty list'].includes(form));
  return (full.length > 0 ? full : [...found]).sort().join(' or ');
}
