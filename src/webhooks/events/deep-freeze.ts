/** Freezes an object and all that it holds, however deep that is. */
export function deepFreeze<T extends object>(object: T): T {
  const pending: object[] = [object];
  for (let next = pending.pop(); next; next = pending.pop()) {
    Object.freeze(next);
    for (const name in next) {
      const value: unknown = Reflect.get(next, name);
      if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) pending.push(value);
    }
  }
  return object;
}
