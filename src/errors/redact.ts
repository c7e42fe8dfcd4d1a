/** Blanks every occurrence of secrets, plain or URL-encoded, in a text that came from outside and may echo what was sent. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .filter((secret) => secret !== '')
    .reduce((redacted, secret) => redacted.replaceAll(secret, '[redacted]'), text);
}
