import { isURL } from 'class-validator';
import { isRecord } from '../../internal/is-record.js';

const MIN_SECRET_LENGTH = 6;

const RULES = {
  protocols: ['http', 'https'],
  require_protocol: true,
  require_tld: false,
  disallow_auth: true,
  allow_fragments: false,
};

/** Whether a value can be registered as the URL of webhooks. Used at boot and by `setWebhookUrl`, with one result. */
export function isWebhookUrl(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\\') && isURL(value, RULES) && URL.canParse(value);
}

/** The parts of a webhook URL that may be secret: its query and the values in it. Lalamove's errors quote the URL. */
export function secretsOfUrl(input: unknown): string[] {
  const url = isRecord(input) ? input.url : undefined;
  if (typeof url !== 'string') return [];
  const query = url.split('#', 1)[0]?.split('?').slice(1).join('?') ?? '';
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const values = [...(parsed?.searchParams.values() ?? [])];
  // A short value, such as 1, occurs in other texts too.
  return [query, parsed?.search.slice(1) ?? '', ...values.filter((value) => value.length >= MIN_SECRET_LENGTH)].filter(
    (secret) => secret !== '',
  );
}
