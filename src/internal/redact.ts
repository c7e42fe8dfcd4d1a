/** Characters that `encodeURIComponent` changes. */
const NEEDS_ENCODING = /[^\w.!~*'()-]/;

/** Replaces every secret, plain or URL-encoded, in a text from outside, because a response may quote the request. */
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
