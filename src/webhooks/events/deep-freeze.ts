import { isObject } from '../../internal/is-object.js';

/** Freezes an object and everything in it, to any depth. */
export function deepFreeze<T extends object>(object: T): T {
  const pending: object[] = [object];
  for (let next = pending.pop(); next; next = pending.pop()) {
    // Read the members first, because a frozen object is slow to read.
    const members: readonly unknown[] = Object.values(next);
    Object.freeze(next);
    for (const value of members) {
      if (isObject(value) && !Object.isFrozen(value)) pending.push(value);
    }
  }
  return object;
}
