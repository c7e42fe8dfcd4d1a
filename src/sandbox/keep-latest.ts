/**
 * Removes the oldest items of a list that exceeds its limit by a quarter. Each removal moves the whole list, so many
 * are removed at once.
 */
export function keepLatest(list: unknown[], limit: number): void {
  if (list.length > limit * 1.25) list.splice(0, list.length - limit);
}
