/** Whether a value from outside is a string with at least one character. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
