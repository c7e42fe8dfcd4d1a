import type { LoggerService } from '@nestjs/common';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import { withTimeout } from '../internal/with-timeout.js';
import type { LalamoveEventFacts } from './events/lalamove-event-facts.js';
import { readParsedEvent, type LalamoveEvent } from './events/lalamove-event.js';
import { keysOf } from './inbox/event-keys.js';
import type { LalamoveInboxHost } from './inbox/inbox-host.js';
import type { LalamoveInboxEntry } from './inbox/lalamove-inbox.js';
import { rooted, type PublicPaths } from './endpoint/public-paths.js';
import type { ThrottledLog } from '../internal/throttled-log.js';
import { LalamoveWebhookException } from './webhook.exceptions.js';
import { verifyWebhook, type ParsedBody, type Verdict, type VerifierSettings } from './verify/webhook-verifier.js';

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
  /** What is said of events that were dropped. */
  readonly dropped: ThrottledLog;
  /** `path` of the options; `undefined` where no endpoint is mounted. */
  readonly path: string | undefined;
}

/** So many lines a minute tell of events that were dropped, of each reason. */
const MAX_DROPPED_LINES = 10;

/** How long an inbox may take to take an event in, in ms. */
const TIMEOUT_MS = 10_000;

/**
 * Receives an account's webhooks. The endpoint of `webhook: { path }` uses it; inject it (another account's by `@InjectLalamoveWebhooks(name)`) to receive them
 * by a route of your own, or from a queue.
 *
 * @example
 * \@Post('hooks') @HttpCode(200)
 * async receive(@Req() request: RawBodyRequest<Request>): Promise<void> {
 *   await this.webhooks.handle(request.rawBody ?? '', { path: '/hooks' });
 * }
 */
export class LalamoveWebhooks {
  // Truly private: no log and no JSON shows the secrets.
  readonly #parts: LalamoveWebhooksParts;
  /** What was said of types that do not fit: so many as there are types and members that they need. */
  readonly #misfits = new Set<string>();

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
   * @param body as it came, to the byte; where your host has left nothing but what was parsed of it, that
   * @returns `undefined` for what is Lalamove's but holds no event to handle: the probe, or an event out of time. Answer it with 200
   * @throws LalamoveWebhookException 400 for what is no webhook, 401 for a signature that does not fit, 503 where `resolveAccount` fails
   * @throws TypeError without a body, or where no path is known
   */
  async verify(
    body: Uint8Array | string | object,
    options: VerifyWebhookOptions = {},
  ): Promise<LalamoveEvent | undefined> {
    const verified = await this.#verdict(body, options);
    return verified.kind === 'event' ? this.#read(verified.facts, verified.dataValue) : undefined;
  }

  /**
   * Verifies a webhook, has the inbox take its event in, and returns; handlers run afterwards. Answer with 200 whatever it returns.
   *
   * @param body as it came, to the byte; where your host has left nothing but what was parsed of it, that
   * @throws LalamoveWebhookException as {@link verify} does, and 503 where the inbox cannot take the event
   * @throws TypeError without a body, or where no path is known
   */
  async handle(body: Uint8Array | string | object, options: VerifyWebhookOptions = {}): Promise<WebhookReceipt> {
    const verified = await this.#verdict(body, options);
    if (verified.kind !== 'event') return 'ignored';
    const { facts, dataValue } = verified;
    const event = this.#read(facts, dataValue);
    const receipt = await this.#accept({ keys: keysOf(facts, event), facts, event });
    this.#logAccepted(event, receipt);
    return receipt;
  }

  async #verdict(body: unknown, { path }: VerifyWebhookOptions): Promise<Verdict> {
    const { verifier, paths } = this.#parts;
    const candidates = path === undefined ? paths.all() : [rooted(path)];
    if (candidates.length === 0) {
      throw new TypeError(
        'Which path is signed? Pass { path }, the path of the URL that Lalamove knows, or set webhook.publicPath.',
      );
    }
    const verdict = await verifyWebhook(verifier, receivedAs(body), candidates);
    if (verdict.kind === 'untimely') this.#warnOf(verdict);
    return verdict;
  }

  #logAccepted(event: LalamoveEvent, receipt: WebhookReceipt): void {
    // The type of an unknown one is not signed, and may be as long as a body.
    const type = event.eventType === 'UNKNOWN' ? event.sentEventType.slice(0, 64) : event.eventType;
    const order = 'orderId' in event ? event.orderId : undefined;
    const told = { type, order, account: event.account, receipt };
    say(this.#parts.logger, 'debug', logLine('A webhook was accepted', told));
  }

  #read(facts: LalamoveEventFacts, dataValue: unknown): LalamoveEvent {
    const event = readParsedEvent(facts, dataValue);
    if (event.eventType === 'UNKNOWN' && event.missing !== undefined)
      this.#warnMismatch(event.sentEventType, event.missing);
    return event;
  }

  /** Once a kind: what Lalamove leaves out once, it leaves out again. */
  #warnMismatch(type: string, missing: string): void {
    const kind = `${type} ${missing}`;
    if (this.#misfits.has(kind)) return;
    this.#misfits.add(kind);
    const what = 'An event does not fit its type, and comes to handlers of UNKNOWN alone';
    say(this.#parts.logger, 'warn', logLine(what, { account: this.account, type, missing }));
  }

  async #accept(entry: LalamoveInboxEntry): Promise<WebhookReceipt> {
    try {
      const accepted = this.#parts.inboxes.inbox.accept(entry);
      return typeof accepted === 'string' ? accepted : await withTimeout(TIMEOUT_MS, 'the inbox', accepted);
    } catch (cause) {
      throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_NOT_TAKEN', { cause });
    }
  }

  #warnOf({ ageSeconds, eventId }: Extract<Verdict, { kind: 'untimely' }>): void {
    const hint =
      ageSeconds < 0
        ? 'An event from the future was dropped: is the clock right?'
        : 'An event that is too old was dropped';
    // The id is not signed, and may be as long as a body.
    const id = eventId?.slice(0, 64);
    const kind = { level: 'warn', what: hint, of: { account: this.account }, maxLines: MAX_DROPPED_LINES } as const;
    this.#parts.dropped.say(kind, { id, age_seconds: ageSeconds });
  }
}

/** The bytes of a body; a text is what a body parser for text has left, and an object what one for JSON has. */
function receivedAs(body: unknown): Uint8Array | ParsedBody {
  if (body instanceof Uint8Array) return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (typeof body === 'string') return Buffer.from(body);
  if (typeof body === 'object' && body !== null) return { parsed: body };
  throw new TypeError(
    `The body of a webhook must be the bytes that came, or what was parsed of them, not ${String(body)}. ` +
      'In Nest, create the app with { rawBody: true } and pass request.rawBody.',
  );
}

/** What it was that failed, for the log. */
export function failureOf(error: unknown): string {
  const cause: unknown = error instanceof LalamoveWebhookException ? (error.cause ?? error) : error;
  return wordsOf(cause);
}
