/** Formats a time as in Lalamove's REST answers: UTC, with two constant decimals (observed). */
export function formatTime(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 19)}.00Z`;
}

/**
 * Formats a time as in Lalamove's webhooks: local time with a wrong `Z`, and a constant `.00` instead of seconds
 * (observed).
 */
export function formatWebhookTime(unixMs: number, utcOffsetHours: number): string {
  return `${new Date(unixMs + utcOffsetHours * 3_600_000).toISOString().slice(0, 16)}.00Z`;
}
