import { hash, timingSafeEqual } from 'node:crypto';
import { sign } from '../../api/signature.js';
import type { Clock } from '../../internal/clock.js';
import type { AccountSecrets, Finding, ResolvedAccount } from './account-secrets.js';
import { readParsedBody, readWebhookBody, type DataForm, type WebhookBody } from './webhook-body.js';
import type { LalamoveEventFacts } from '../events/lalamove-event-facts.js';
import { LalamoveWebhookException } from '../webhook.exceptions.js';

/** The settings with which the webhooks of a registration are verified. */
export interface VerifierSettings {
  /** The name of the registration; `undefined` for the default one. */
  readonly account: string | undefined;
  readonly apiKey: string;
  readonly secrets: readonly string[];
  readonly maxAgeSeconds: number;
  readonly others: AccountSecrets | undefined;
  readonly clock: Clock;
  /** The Unix time in ms by the clock at the start of the app plus the time passed since: see `anchoredNow`. */
  readonly anchored: () => number;
}

/** A body of which only the parsed object is left. */
export interface ParsedBody {
  readonly parsed: object;
}

/** The result of the verification: a probe, an event, or an event that is too old or from the future. */
export type Verdict =
  | { readonly kind: 'probe' }
  | { readonly kind: 'event'; readonly facts: LalamoveEventFacts; readonly dataValue: unknown }
  | { readonly kind: 'untimely'; readonly ageSeconds: number; readonly eventId: string | undefined };

const AN_HOUR_SECONDS = 3600;

/** A smaller timestamp is in seconds, because in ms it would be in 1973. */
const FIRST_MS = 100_000_000_000;

/** Larger `data` are not rewritten. Lalamove's events have a few KB. */
const MAX_REWRITTEN_BYTES = 64 * 1024;

/**
 * Verifies that a webhook is Lalamove's (API v3, "Webhook"). The signature is
 * `HMAC-SHA256(secret, timestamp CRLF POST CRLF path CRLF CRLF data)`, over the exact bytes of `data` or over
 * `JSON.stringify` of the parsed `data`. The event is read from the text that was signed.
 *
 * @param received the bytes, or the parsed object if the bytes are gone
 * @param paths the paths that may be signed
 * @throws LalamoveWebhookException 400 if the body is no webhook, 401 if no secret matches the signature, 503 if
 * `resolveAccount` fails
 */
export async function verifyWebhook(
  settings: VerifierSettings,
  received: Received,
  paths: readonly string[],
): Promise<Verdict> {
  const { others } = settings;
  const first = readAtOnce(settings, received, paths);
  if (first.kind !== 'others' || !others) return verdictOf(settings, first);
  // While it waits it holds only the bytes, because the parsed values may take twenty times the memory.
  return verdictOf(settings, await otherReading(settings, others, { apiKey: first.apiKey, received, paths }));
}

/** An intermediate result: a probe, a webhook that was read, or one whose secrets `resolveAccount` must find. */
type Reading =
  | { readonly kind: 'probe' }
  | { readonly kind: 'others'; readonly apiKey: string }
  | { readonly kind: 'read'; readonly body: WebhookBody; readonly verified: Verified | undefined };

function readAtOnce(settings: VerifierSettings, received: Received, paths: readonly string[]): Reading {
  const body = bodyOf(received);
  if (body === undefined) return { kind: 'probe' };
  const { apiKey } = body;
  const isOwn = !settings.others || apiKey === '' || apiKey === settings.apiKey;
  return isOwn ? { kind: 'read', body, verified: verifySignature(settings, body, paths) } : { kind: 'others', apiKey };
}

function verdictOf(settings: VerifierSettings, reading: Reading): Verdict {
  if (reading.kind === 'probe') return reading;
  const verified = reading.kind === 'read' ? reading.verified : undefined;
  if (reading.kind !== 'read' || !verified) throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_SIGNATURE');
  return timely(settings, reading.body, verified);
}

/** The bytes of a webhook, or the object that a body parser made of them. */
type Received = Uint8Array | ParsedBody;

function bodyOf(received: Received): WebhookBody | undefined {
  const body = received instanceof Uint8Array ? readWebhookBody(received) : readParsedBody(received.parsed);
  if (typeof body === 'string') throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_MALFORMED');
  return body;
}

/** Reads a webhook with another API key: with the secrets that the host has for this key, else with our own. */
async function otherReading(
  settings: VerifierSettings,
  others: AccountSecrets,
  { apiKey, received, paths }: { apiKey: string; received: Received; paths: readonly string[] },
): Promise<Reading> {
  // An unknown key takes as many signatures as a known one, so that the time does not show which keys exist.
  const signedBy = ({ account: found }: Finding): Reading | undefined => {
    const body = bodyOf(received);
    if (!body) return { kind: 'probe' };
    const verified = verifySignature(found ? signerFor(found, settings, body) : settings, body, paths);
    return verified && { kind: 'read', body, verified };
  };
  const cached = await resolved(others, apiKey, false);
  const first = signedBy(cached);
  if (first) return first;
  const fresh = await resolved(others, apiKey, true);
  return (fresh === cached ? undefined : signedBy(fresh)) ?? { kind: 'others', apiKey };
}

interface Signer extends ResolvedAccount {
  readonly apiKey: string;
}

/** A signature that was checked: the signer, and the form of `data` that is signed. */
interface Verified {
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

/** Finds the form of `data` that one of the secrets signed: the received one, else the rewritten one. */
function verifySignature(signer: Signer, body: WebhookBody, paths: readonly string[]): Verified | undefined {
  if (isSigned(body, body.data, signer.secrets, paths)) return { signer, data: body.data };
  // A malformed signature cannot match, and no event is larger.
  const canMatch = /^[0-9a-f]{64}$/.test(body.signature) && body.data.bytes.length <= MAX_REWRITTEN_BYTES;
  const data = canMatch ? body.rewritten() : undefined;
  return data && isSigned(body, data, signer.secrets, paths) ? { signer, data } : undefined;
}

/** Whether one of the secrets signed the data with one of the paths. Signatures are compared in constant time. */
function isSigned(
  { timestamp, signature }: WebhookBody,
  { bytes }: DataForm,
  secrets: readonly string[],
  paths: readonly string[],
): boolean {
  const given = Buffer.from(signature);
  return secrets.some((secret) =>
    paths.some((path) => {
      const expected = Buffer.from(sign(secret, { timestamp, method: 'POST', path, body: bytes }));
      return given.length === expected.length && timingSafeEqual(given, expected);
    }),
  );
}

/**
 * Drops an event as too old or too new only if two clocks agree: the current clock, and the clock at the start of the
 * app plus the time passed since. So a clock that is set while the app runs drops no valid event.
 */
function timely(
  { clock, anchored, maxAgeSeconds }: VerifierSettings,
  body: WebhookBody,
  { signer: { account, apiKey }, data }: Verified,
): Verdict {
  const { timestamp, eventId, eventType } = body;
  const signed = Number(timestamp);
  const signedAt = signed < FIRST_MS ? signed * 1000 : signed;
  const receivedAt = clock.now();
  const ageSeconds = (receivedAt - signedAt) / 1000;
  const anchoredAge = (anchored() - signedAt) / 1000;
  // A timestamp that is no number gives NaN, which is not timely.
  const isTimely = [ageSeconds, anchoredAge].some((age) => age <= maxAgeSeconds && age >= -AN_HOUR_SECONDS);
  if (!isTimely) return { kind: 'untimely', ageSeconds: Math.round(ageSeconds), eventId };
  const fingerprint = hash('sha256', body.signature, 'base64url');
  const facts = { eventType, eventId, fingerprint, signedAt, receivedAt, account, apiKey, data: data.text };
  return { kind: 'event', facts, dataValue: data.value };
}
