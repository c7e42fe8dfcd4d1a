/** One line that can be searched for: `getOrder failed (code=… attempts=2)`. What is undefined is left out; nothing breaks the line. */
export function logLine(what: string, told: Readonly<Record<string, string | number | undefined>>): string {
  const fields = Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return `${what} (${fields.join(' ')})`.replace(/\p{Cc}+/gu, ' ');
}
