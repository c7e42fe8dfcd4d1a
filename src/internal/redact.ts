/** What `encodeURIComponent` would write otherwise. */
const NEEDS_ENCODING = /[^\w.!~*'()-]/;

/** Blanks every occurrence of secrets, plain or URL-encoded, in a text that came from outside and may echo what was sent. */
export function redact(text: string, secrets: readonly string[]): string {
  let redacted = text;
  for (const secret of secrets) {
    redacted = without(secret, redacted);
    if (NEEDS_ENCODING.test(secret)) redacted = without(encodeURIComponent(secret), redacted);
  }
  return redacted;
}

function without(secret: string, text: string): string {
  return secret !== '' && text.includes(secret) ? text.replaceAll(secret, '[redacted]') : text;
}
