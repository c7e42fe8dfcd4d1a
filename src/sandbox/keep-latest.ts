/** Drops the oldest of a list that has grown beyond its limit: in lumps, since each trimming moves the whole list. */
export function keepLatest(list: unknown[], limit: number): void {
  if (list.length > limit * 1.25) list.splice(0, list.length - limit);
}
