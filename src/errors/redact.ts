import type { UpstreamAnswer } from './translate-answer.js';

/** Shorter strings are no secrets, and would tear a text apart. */
const SHORTEST_SECRET = 6;

/** Blanks every occurrence of the given secrets in a text that came from outside, which may echo what was sent. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .reduce((redacted, secret) => redacted.replaceAll(secret, '[redacted]'), text);
}

/** The same for everything that an answer says, in its body or its headers. */
export function redactAnswer({ status, headers, body }: UpstreamAnswer, secrets: readonly string[]): UpstreamAnswer {
  const told = Object.entries(headers).map(([name, value]): [string, string | undefined] => [
    name,
    value && redact(value, secrets),
  ]);
  return { status, headers: Object.fromEntries(told), body: redact(body, secrets) };
}
