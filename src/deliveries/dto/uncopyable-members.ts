import type { FieldError } from '../../api/requests/field-errors.js';
import { isRecord } from '../../internal/is-record.js';

const MESSAGE = 'must be plain data: no function, symbol, promise or proxy can be kept';

/** What of an input cannot be copied, each at its own place; the input itself may be a proxy. */
export function uncopyableMembers(input: unknown): FieldError[] {
  return uncopyable(isRecord(input) ? { ...input } : input, '');
}

function uncopyable(value: unknown, pointer: string): FieldError[] {
  if (isCopyable(value)) return [];
  const found = membersOf(value).flatMap(([name, member]) =>
    uncopyable(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
  return found.length > 0 ? found : [{ pointer, message: MESSAGE }];
}

function isCopyable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** None of what cannot be looked into. */
function membersOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  try {
    return Object.entries(value);
  } catch {
    return [];
  }
}
