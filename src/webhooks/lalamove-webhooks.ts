import { hash } from 'node:crypto';
import type { LoggerService } from '@nestjs/common';
import { logLine, say, wordsOf } from '../log-line.js';
import { within } from '../patience.js';
import { readParsedEvent, type LalamoveEvent } from './events/lalamove-event.js';
import type { LalamoveEventFacts } from './events/lalamove-event-facts.js';
import type { LalamoveInboxHost } from './inbox/inbox-host.js';
import type { LalamoveInboxEntry } from './inbox/lalamove-inbox.js';
import { rooted, type PublicPaths } from './public-paths.js';
import { LalamoveWebhookException } from './webhook.exceptions.js';
import { verifyWebhook, type Verdict, type VerifierSettings } from './webhook-verifier.js';

/** How a webhook that came by a route of your own is to be verified. */
export interface VerifyWebhookOptions {
  /**
   * The path of the URL that Lalamove knows, which is signed, such as `/api/webhooks/lalamove`.
   *
   * @default `publicPath`, the path of the URL given to `setWebhookUrl`, or that of the mounted endpoint
   */
  path?: string;
}

/** What became of a webhook: a new event, one that had come before, or nothing to be handled (the probe, or an event out of time). */
export type WebhookReceipt = 'new' | 'repeated' | 'ignored';

/** What a registration receives webhooks by. */
export interface LalamoveWebhooksParts {
  readonly verifier: VerifierSettings;
  readonly paths: PublicPaths;
  readonly inboxes: LalamoveInboxHost;
  readonly logger: LoggerService;
  /** `path` of the options; `undefined` where no endpoint is mounted. */
  readonly path: string | undefined;
}

/** How long an inbox may take to take an event in, in ms. */
const PATIENCE_MS = 10_000;

/**
 * Receives an account's webhooks. The endpoint of `webhook: { path }` uses it; inject it (another account's by `@InjectLalamoveWebhooks(name)`) to receive them
 * by a route of your own, or from a queue.
 *
 * @example
 * \@Post('hooks') @HttpCode(200)
 * async receive(@Req() request: RawBodyRequest<Request>): Promise<void> {
 *   await this.webhooks.handle(request.rawBody ?? request.body ?? '', { path: '/hooks' });
 * }
 */
export class LalamoveWebhooks {
  // Truly private: no log and no JSON shows the secrets.
  readonly #parts: LalamoveWebhooksParts;

  /** Made by `LalamoveModule`. */
  constructor(parts: LalamoveWebhooksParts) {
    this.#parts = parts;
  }

  /** The name of the registration; `undefined` for the default one. */
  get account(): string | undefined {
    return this.#parts.verifier.account;
  }

  /** Where its endpoint is mounted, beneath the global prefix; `undefined` where none is. */
  get path(): string | undefined {
    return this.#parts.path;
  }

  /** The paths that a signature may be over. */
  get signedPaths(): readonly string[] {
    return this.#parts.paths.all();
  }

  /** Whether more than the registration's own account may come by it. */
  get hasOtherAccounts(): boolean {
    return this.#parts.verifier.others !== undefined;
  }

  /**
   * Tells whether a webhook is Lalamove's, and reads it. Nothing is remembered: a repetition is verified again.
   *
   * @param rawBody the body as it came, to the byte
   * @returns `undefined` for what is Lalamove's but holds no event to handle: the probe, or an event out of time. Answer it with 200
   * @throws LalamoveWebhookException 400 for what is no webhook, 401 for a signature that does not fit, 503 where `resolveAccount` fails
   * @throws TypeError for a body that has been parsed, or where no path is known
   */
  async verify(rawBody: Uint8Array | string, options: VerifyWebhookOptions = {}): Promise<LalamoveEvent | undefined> {
    const verified = await this.#verdict(rawBody, options);
    return verified.kind === 'event' ? readParsedEvent(verified.facts, verified.dataValue) : undefined;
  }

  /**
   * Verifies a webhook, has the inbox take its event in, and returns; handlers run afterwards. Answer with 200 whatever it returns.
   *
   * @param rawBody the body as it came, to the byte
   * @throws LalamoveWebhookException as {@link verify} does, and 503 where the inbox cannot take the event
   * @throws TypeError for a body that has been parsed, or where no path is known
   */
  async handle(rawBody: Uint8Array | string, options: VerifyWebhookOptions = {}): Promise<WebhookReceipt> {
    const verified = await this.#verdict(rawBody, options);
    if (verified.kind !== 'event') return 'ignored';
    const { facts, dataValue } = verified;
    const event = readParsedEvent(facts, dataValue);
    return this.#accept({ keys: keysOf(facts, event), facts, event });
  }

  async #verdict(rawBody: unknown, { path }: VerifyWebhookOptions): Promise<Verdict> {
    const { verifier, paths, logger } = this.#parts;
    const candidates = path === undefined ? paths.all() : [rooted(path)];
    if (candidates.length === 0) {
      throw new TypeError(
        'Which path is signed? Pass { path }, the path of the URL that Lalamove knows, or set webhook.publicPath.',
      );
    }
    const verdict = await verifyWebhook(verifier, bytesOf(rawBody), candidates);
    if (verdict.kind === 'untimely') this.#warnOf(verdict, logger);
    return verdict;
  }

  async #accept(entry: LalamoveInboxEntry): Promise<WebhookReceipt> {
    try {
      const accepted = this.#parts.inboxes.inbox.accept(entry);
      return typeof accepted === 'string' ? accepted : await within(PATIENCE_MS, 'the inbox', accepted);
    } catch (cause) {
      throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_NOT_TAKEN', { cause });
    }
  }

  #warnOf({ ageSeconds, eventId }: Extract<Verdict, { kind: 'untimely' }>, logger: LoggerService): void {
    const hint =
      ageSeconds < 0
        ? 'An event from the future was dropped: is the clock right?'
        : 'An event that is too old was dropped';
    // The id is not signed, and may be as long as a body.
    const id = eventId?.slice(0, 64);
    say(logger, 'warn', logLine(hint, { account: this.account, id, age_seconds: ageSeconds }));
  }
}

/** The bytes of a body; a text is what a body parser for text has left. */
function bytesOf(rawBody: unknown): Uint8Array {
  if (rawBody instanceof Uint8Array) return rawBody;
  if (ArrayBuffer.isView(rawBody)) return new Uint8Array(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength);
  if (typeof rawBody === 'string') return Buffer.from(rawBody);
  throw new TypeError(
    `The body of a webhook must be the bytes that came, not ${rawBody === undefined ? 'undefined' : 'what was parsed of them'}: the signature covers them. ` +
      'In Nest, create the app with { rawBody: true } and pass request.rawBody.',
  );
}

/**
 * What tells a repetition. What does not fit its type, which is not signed, counts apart: who changes that on the way must not have the true event taken for a
 * repetition.
 */
function keysOf(
  { fingerprint, eventId, data }: LalamoveEventFacts,
  { eventType }: LalamoveEvent,
): readonly [string, ...string[]] {
  const kind = eventType === 'UNKNOWN' ? '?' : '';
  if (eventId === undefined) return [fingerprint + kind];
  return [fingerprint + kind, `${hash('sha256', eventId, 'base64url')}.${hash('sha256', data, 'base64url')}${kind}`];
}

/** What it was that failed, for the log. */
export function failureOf(error: unknown): string {
  const cause: unknown = error instanceof LalamoveWebhookException ? (error.cause ?? error) : error;
  return wordsOf(cause);
}
