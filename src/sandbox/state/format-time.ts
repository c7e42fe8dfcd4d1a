/** A time as Lalamove's REST answers write it: UTC, with two constant decimals (observed). */
export function formatTime(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 19)}.00Z`;
}

/**
 * A time as Lalamove's webhooks write it: minutes, a constant `.00` where seconds belong, and a local clock behind a false `Z` (observed).
 */
export function formatWebhookTime(unixMs: number, utcOffsetHours: number): string {
  return `${new Date(unixMs + utcOffsetHours * 3_600_000).toISOString().slice(0, 16)}.00Z`;
}
