import { hash, timingSafeEqual } from 'node:crypto';
import { sign } from '../../api/signature.js';
import type { Clock } from '../../internal/clock.js';
import type { AccountSecrets, Finding, ResolvedAccount } from './account-secrets.js';
import { readParsedBody, readWebhookBody, type DataForm, type WebhookBody } from './webhook-body.js';
import type { LalamoveEventFacts } from '../events/lalamove-event-facts.js';
import { LalamoveWebhookException } from '../webhook.exceptions.js';

/** What webhooks of a registration are verified by. */
export interface VerifierSettings {
  /** The name of the registration; `undefined` for the default one. */
  readonly account: string | undefined;
  readonly apiKey: string;
  readonly secrets: readonly string[];
  readonly maxAgeSeconds: number;
  readonly others: AccountSecrets | undefined;
  readonly clock: Clock;
  /** What time it would be, in Unix ms, if the clock had not been set since the start: see `anchoredNow`. */
  readonly anchored: () => number;
}

/** A body of which a body parser has left nothing but what it has made of it. */
export interface ParsedBody {
  readonly parsed: object;
}

/** What a webhook has turned out to be: the probe, an event, or one that is too old or from the future. */
export type Verdict =
  | { readonly kind: 'probe' }
  | { readonly kind: 'event'; readonly facts: LalamoveEventFacts; readonly dataValue: unknown }
  | { readonly kind: 'untimely'; readonly ageSeconds: number; readonly eventId: string | undefined };

const AN_HOUR_SECONDS = 3600;

/** Below it a timestamp is in seconds: as ms it would lie in 1973. */
const FIRST_MS = 100_000_000_000;

/** `data` of at most so many bytes is written anew; Lalamove's events have some KB. */
const MAX_REWRITTEN_BYTES = 64 * 1024;

/**
 * Tells whether a webhook is Lalamove's (API v3, "Webhook"): `HMAC-SHA256(secret, timestamp CRLF POST CRLF path CRLF CRLF data)` over the exact bytes of
 * `data`, or over `JSON.stringify` of it. What is handed on is what was signed.
 *
 * @param received the bytes, or what a body parser has made of them where nothing else is left
 * @param paths that it may be signed over
 * @throws LalamoveWebhookException 400 for what is no webhook, 401 for what is not signed by one of the secrets, 503 where these cannot be found out
 */
export async function verifyWebhook(
  settings: VerifierSettings,
  received: Received,
  paths: readonly string[],
): Promise<Verdict> {
  const { others } = settings;
  const first = readAtOnce(settings, received, paths);
  if (first.kind !== 'others' || !others) return verdictOf(settings, first);
  // Whoever waits holds nothing but the bytes: what is parsed of them may take twenty times as much.
  return verdictOf(settings, await otherReading(settings, others, { apiKey: first.apiKey, received, paths }));
}

/** What has been read of a webhook: nobody's, somebody's, or of an account whose secrets must be asked for. */
type Reading =
  | { readonly kind: 'probe' }
  | { readonly kind: 'others'; readonly apiKey: string }
  | { readonly kind: 'read'; readonly body: WebhookBody; readonly sealed: Seal | undefined };

function readAtOnce(settings: VerifierSettings, received: Received, paths: readonly string[]): Reading {
  const body = bodyOf(received);
  if (body === undefined) return { kind: 'probe' };
  const { apiKey } = body;
  const isOwn = !settings.others || apiKey === '' || apiKey === settings.apiKey;
  return isOwn ? { kind: 'read', body, sealed: seal(settings, body, paths) } : { kind: 'others', apiKey };
}

function verdictOf(settings: VerifierSettings, reading: Reading): Verdict {
  if (reading.kind === 'probe') return reading;
  const sealed = reading.kind === 'read' ? reading.sealed : undefined;
  if (reading.kind !== 'read' || !sealed) throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_SIGNATURE');
  return timely(settings, reading.body, sealed);
}

/** The bytes of a webhook, or what a body parser has made of them. */
type Received = Uint8Array | ParsedBody;

function bodyOf(received: Received): WebhookBody | undefined {
  const body = received instanceof Uint8Array ? readWebhookBody(received) : readParsedBody(received.parsed);
  if (typeof body === 'string') throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_MALFORMED');
  return body;
}

/** A webhook that names another account than ours is read once it is known whose it may be: that one's, where the host knows it, else ours. */
async function otherReading(
  settings: VerifierSettings,
  others: AccountSecrets,
  { apiKey, received, paths }: { apiKey: string; received: Received; paths: readonly string[] },
): Promise<Reading> {
  // An unknown key costs as many signatures as a known one.
  const signedBy = ({ account: found }: Finding): Reading | undefined => {
    const body = bodyOf(received);
    if (!body) return { kind: 'probe' };
    const sealed = seal(found ? signerFor(found, settings, body) : settings, body, paths);
    return sealed && { kind: 'read', body, sealed };
  };
  const known = await resolved(others, apiKey, false);
  const first = signedBy(known);
  if (first) return first;
  const anew = await resolved(others, apiKey, true);
  return (anew === known ? undefined : signedBy(anew)) ?? { kind: 'others', apiKey };
}

interface Signer extends ResolvedAccount {
  readonly apiKey: string;
}

/** Who has signed, and what. */
interface Seal {
  readonly signer: Signer;
  readonly data: DataForm;
}

function signerFor({ secrets, account }: ResolvedAccount, settings: VerifierSettings, { apiKey }: WebhookBody): Signer {
  return { secrets, account: account ?? settings.account, apiKey };
}

async function resolved(others: AccountSecrets, apiKey: string, doubted: boolean): Promise<Finding> {
  try {
    return await others.find(apiKey, doubted);
  } catch (cause) {
    throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_NOT_TAKEN', { cause });
  }
}

/** The form of `data` that one of the secrets has signed: as it came, else written anew. */
function seal(signer: Signer, body: WebhookBody, paths: readonly string[]): Seal | undefined {
  if (isSigned(body, body.data, signer.secrets, paths)) return { signer, data: body.data };
  // What cannot fit, or is larger than any event, is not worth the work.
  const isWorthIt = /^[0-9a-f]{64}$/.test(body.signature) && body.data.bytes.length <= MAX_REWRITTEN_BYTES;
  const data = isWorthIt ? body.rewritten() : undefined;
  return data && isSigned(body, data, signer.secrets, paths) ? { signer, data } : undefined;
}

/** Whether one of the secrets has signed it, over one of the paths; in a time that does not tell how much of a signature fits. */
function isSigned(
  { timestamp, signature }: WebhookBody,
  { bytes }: DataForm,
  secrets: readonly string[],
  paths: readonly string[],
): boolean {
  const given = Buffer.from(signature);
  return secrets.some((secret) =>
    paths.some((path) => {
      const right = Buffer.from(sign(secret, { timestamp, method: 'POST', path, body: bytes }));
      return given.length === right.length && timingSafeEqual(given, right);
    }),
  );
}

/**
 * An event is out of time only if it is so by the clock as it is, and as it was at the start with the time that has
 * passed: a clock that is set wrong, or right again, drops no event that is on time.
 */
function timely(
  { clock, anchored, maxAgeSeconds }: VerifierSettings,
  body: WebhookBody,
  { signer: { account, apiKey }, data }: Seal,
): Verdict {
  const { timestamp, eventId, eventType } = body;
  const signed = Number(timestamp);
  const signedAt = signed < FIRST_MS ? signed * 1000 : signed;
  const receivedAt = clock.now();
  const ageSeconds = (receivedAt - signedAt) / 1000;
  const anchoredAge = (anchored() - signedAt) / 1000;
  // What is no number is neither.
  const isTimely = [ageSeconds, anchoredAge].some((age) => age <= maxAgeSeconds && age >= -AN_HOUR_SECONDS);
  if (!isTimely) return { kind: 'untimely', ageSeconds: Math.round(ageSeconds), eventId };
  const fingerprint = hash('sha256', body.signature, 'base64url');
  const facts = { eventType, eventId, fingerprint, signedAt, receivedAt, account, apiKey, data: data.text };
  return { kind: 'event', facts, dataValue: data.value };
}
