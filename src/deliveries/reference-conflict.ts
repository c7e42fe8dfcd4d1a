/**
 * The message of the 409 for a reference that has another booking.
 *
 * @param different the members that differ, if they are known
 */
export function referenceConflict(reference: string, different: readonly string[] = []): string {
  const members = different.length === 0 ? '' : ` (${different.join(', ')})`;
  return (
    `The reference ${JSON.stringify(reference)} already belongs to a delivery with another content${members}: ` +
    'use a new reference, or send exactly the first request.'
  );
}
