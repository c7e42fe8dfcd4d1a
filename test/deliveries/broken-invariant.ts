/** An invariant of deliveries was broken. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
}
