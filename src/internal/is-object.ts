/** Whether a value is an object of any kind, arrays included. For one with named members see `isRecord`. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
