/** Freezes an object and all that it holds, however deep that is. */
export function deepFreeze<T extends object>(object: T): T {
  const pending: object[] = [object];
  for (let next = pending.pop(); next; next = pending.pop()) {
    // Before it is frozen, for afterwards they are slow to read.
    const members: readonly unknown[] = Object.values(next);
    Object.freeze(next);
    for (const value of members) {
      if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) pending.push(value);
    }
  }
  return object;
}
