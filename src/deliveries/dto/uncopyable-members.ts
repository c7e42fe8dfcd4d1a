import type { FieldError } from '../../api/requests/field-errors.js';
import { isRecord } from '../../internal/is-record.js';

const MESSAGE = 'must be plain data: a function, symbol, promise or proxy cannot be stored';

/** The members of an input that cannot be copied, one error per member. The input itself may be a proxy. */
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

/** The members of an object; none if they cannot be read. */
function membersOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  try {
    return Object.entries(value);
  } catch {
    return [];
  }
}
