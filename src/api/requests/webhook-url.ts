import { isURL } from 'class-validator';
import { isRecord } from '../../internal/is-record.js';

const SHORTEST_TOKEN = 6;

const RULES = {
  protocols: ['http', 'https'],
  require_protocol: true,
  require_tld: false,
  disallow_auth: true,
  allow_fragments: false,
};

/** Whether a value is a URL that Lalamove can be told to send webhooks to. What passes here at boot passes when it is registered, too. */
export function isWebhookUrl(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\\') && isURL(value, RULES) && URL.canParse(value);
}

/** What the query of a webhook URL may keep secret, a token say: Lalamove quotes the URL where it refuses it. */
export function secretsOfUrl(input: unknown): string[] {
  const url = isRecord(input) ? input.url : undefined;
  if (typeof url !== 'string') return [];
  const written = url.split('#', 1)[0]?.split('?').slice(1).join('?') ?? '';
  const read = URL.canParse(url) ? new URL(url) : undefined;
  const values = [...(read?.searchParams.values() ?? [])];
  // Of a short one, such as 1, other texts are full.
  return [written, read?.search.slice(1) ?? '', ...values.filter((value) => value.length >= SHORTEST_TOKEN)].filter(
    (secret) => secret !== '',
  );
}
