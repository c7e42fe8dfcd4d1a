import type { LoggerService } from '@nestjs/common';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import type { NoteAttributes, WorkTracing } from '../internal/work-tracing.js';
import { withTimeout } from '../internal/with-timeout.js';
import type { LalamoveEventFacts } from './events/lalamove-event-facts.js';
import { readParsedEvent, type LalamoveEvent } from './events/lalamove-event.js';
import { keysOf } from './inbox/event-keys.js';
import type { LalamoveInboxHost } from './inbox/inbox-host.js';
import type { LalamoveInboxEntry } from './inbox/lalamove-inbox.js';
import { rooted, type SignedPaths } from './endpoint/signed-paths.js';
import type { ThrottledLog } from '../internal/throttled-log.js';
import { LalamoveWebhookException } from './webhook.exceptions.js';
import { verifyWebhook, type ParsedBody, type Verdict, type VerifierSettings } from './verify/webhook-verifier.js';
import { isObject } from '../internal/is-object.js';

/** Options for a webhook that a route of your own received. */
export interface VerifyWebhookOptions {
  /**
   * The path of the URL that is registered with Lalamove, such as `/api/webhooks/lalamove`. Lalamove signs it.
   *
   * @default `publicPath`, else the path of the URL given to `setWebhookUrl`, else that of the mounted endpoint
   */
  path?: string;
}

/** The result for a webhook: a new event, a duplicate, or ignored (a probe, or an event that is too old or too new). */
export type WebhookReceipt = 'new' | 'repeated' | 'ignored';

/** The parts of {@link LalamoveWebhooks}. */
export interface LalamoveWebhooksParts {
  readonly verifier: VerifierSettings;
  readonly paths: SignedPaths;
  readonly inboxes: LalamoveInboxHost;
  readonly logger: LoggerService;
  /** The log of dropped events. */
  readonly dropped: ThrottledLog;
  /** `path` of the options; `undefined` if no endpoint is mounted. */
  readonly path: string | undefined;
  readonly tracing: WorkTracing;
}

/** The maximum number of log lines a minute about dropped events, for each reason. */
const MAX_DROPPED_LINES = 10;

/** How long an inbox may take to accept an event, in ms. */
const INBOX_TIMEOUT_MS = 10_000;

/**
 * Receives the webhooks of an account. The endpoint of `webhook: { path }` uses it. Inject it to receive webhooks in a
 * route of your own or from a queue; for an account with a name use `@InjectLalamoveWebhooks(name)`.
 *
 * @example
 * \@Post('hooks')
 * \@HttpCode(200)
 * async receive(@Req() { rawBody, headers }: RawBodyRequest<IncomingMessage>): Promise<void> {
 *   // A probe has no body. Any other request without rawBody was read by another body parser: refuse it.
 *   const isLost = rawBody === undefined && (headers['transfer-encoding'] ?? headers['content-length'] ?? '0') !== '0';
 *   if (isLost) throw new ServiceUnavailableException('The body was read by another body parser.');
 *   await this.webhooks.handle(rawBody ?? '', { path: '/hooks' });
 * }
 */
export class LalamoveWebhooks {
  // A private field, so that no log and no JSON shows the secrets.
  readonly #parts: LalamoveWebhooksParts;
  /** The combinations of type and missing member that were logged. */
  readonly #loggedMismatches = new Set<string>();

  /** Created by `LalamoveModule`. */
  constructor(parts: LalamoveWebhooksParts) {
    this.#parts = parts;
  }

  /** The name of the registration; `undefined` for the default one. */
  get account(): string | undefined {
    return this.#parts.verifier.account;
  }

  /** The path of its endpoint, without the global prefix; `undefined` if none is mounted. */
  get path(): string | undefined {
    return this.#parts.path;
  }

  /** The paths with which a signature is checked. */
  get signedPaths(): readonly string[] {
    return this.#parts.paths.all();
  }

  /** Whether it also receives the webhooks of other accounts (`resolveAccount`). */
  get hasOtherAccounts(): boolean {
    return this.#parts.verifier.others !== undefined;
  }

  /**
   * Verifies the signature of a webhook and reads its event. It stores nothing, so duplicates are not recognised.
   *
   * @param body the exact bytes that were received; if your framework kept only the parsed body, that object
   * @returns `undefined` if there is no event to handle: for a probe, or an event that is too old or too new. Answer
   * it with 200
   * @throws LalamoveWebhookException 400 if the body is no webhook, 401 if the signature is wrong, 503 if
   * `resolveAccount` fails
   * @throws TypeError without a body, or if no path is known
   */
  async verify(
    body: Uint8Array | string | object,
    options: VerifyWebhookOptions = {},
  ): Promise<LalamoveEvent | undefined> {
    const verified = await this.#verdict(body, options);
    return verified.kind === 'event' ? this.#read(verified.facts, verified.dataValue) : undefined;
  }

  /**
   * Verifies a webhook and stores its event in the inbox. Handlers run afterwards. Answer with 200 for any result.
   *
   * @param body the exact bytes that were received; if your framework kept only the parsed body, that object
   * @throws LalamoveWebhookException as {@link verify} does, and 503 if the inbox cannot accept the event
   * @throws TypeError without a body, or if no path is known
   */
  async handle(body: Uint8Array | string | object, options: VerifyWebhookOptions = {}): Promise<WebhookReceipt> {
    const work = { name: 'webhook', attributes: { 'lalamove.account': this.account } } as const;
    return this.#parts.tracing.run(work, async (note) => {
      const receipt = await this.#handle(body, options, note);
      note({ 'lalamove.webhook.receipt': receipt });
      return receipt;
    });
  }

  async #handle(body: unknown, options: VerifyWebhookOptions, note: NoteAttributes): Promise<WebhookReceipt> {
    const verified = await this.#verdict(body, options);
    if (verified.kind !== 'event') return 'ignored';
    const { facts, dataValue } = verified;
    const event = this.#read(facts, dataValue);
    note({ 'lalamove.webhook.event_type': event.eventType, 'lalamove.account': event.account });
    const receipt = await this.#accept({ keys: keysOf(facts, event), facts, event });
    this.#logAccepted(event, receipt);
    return receipt;
  }

  async #verdict(body: unknown, { path }: VerifyWebhookOptions): Promise<Verdict> {
    const { verifier, paths } = this.#parts;
    const candidates = path === undefined ? paths.all() : [rooted(path)];
    if (candidates.length === 0) {
      throw new TypeError(
        'The signed path is not known. Pass { path }, the path of the registered URL, or set webhook.publicPath.',
      );
    }
    const verdict = await verifyWebhook(verifier, receivedAs(body), candidates);
    if (verdict.kind === 'untimely') this.#warnDropped(verdict);
    return verdict;
  }

  #logAccepted(event: LalamoveEvent, receipt: WebhookReceipt): void {
    // The type of an unknown event is not signed, and may be as long as a body.
    const type = event.eventType === 'UNKNOWN' ? event.sentEventType.slice(0, 64) : event.eventType;
    const order = 'orderId' in event ? event.orderId : undefined;
    const fields = { type, order, account: event.account, receipt };
    say(this.#parts.logger, 'debug', logLine('A webhook was accepted', fields));
  }

  #read(facts: LalamoveEventFacts, dataValue: unknown): LalamoveEvent {
    const event = readParsedEvent(facts, dataValue);
    if (event.eventType === 'UNKNOWN' && event.missing !== undefined)
      this.#warnMismatch(event.sentEventType, event.missing);
    return event;
  }

  /** Warns once for each type and member, because the next events will lack the member too. */
  #warnMismatch(type: string, missing: string): void {
    const kind = `${type} ${missing}`;
    if (this.#loggedMismatches.has(kind)) return;
    this.#loggedMismatches.add(kind);
    const message = 'An event does not match its type, so only handlers of UNKNOWN and * get it';
    say(this.#parts.logger, 'warn', logLine(message, { account: this.account, type, missing }));
  }

  async #accept(entry: LalamoveInboxEntry): Promise<WebhookReceipt> {
    try {
      const accepted = this.#parts.inboxes.inbox.accept(entry);
      return typeof accepted === 'string' ? accepted : await withTimeout(INBOX_TIMEOUT_MS, 'the inbox', accepted);
    } catch (cause) {
      throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_NOT_TAKEN', { cause });
    }
  }

  #warnDropped({ ageSeconds, eventId }: Extract<Verdict, { kind: 'untimely' }>): void {
    const what =
      ageSeconds < 0 ? 'An event from the future was dropped: check the clock' : 'An event that is too old was dropped';
    // The id is not signed, and may be as long as a body.
    const id = eventId?.slice(0, 64);
    const kind = { level: 'warn', what, of: { account: this.account }, maxLines: MAX_DROPPED_LINES } as const;
    this.#parts.dropped.say(kind, { id, age_seconds: ageSeconds });
  }
}

/** The bytes of a body. A string comes from a body parser for text, an object from one for JSON. */
function receivedAs(body: unknown): Uint8Array | ParsedBody {
  if (body instanceof Uint8Array) return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (typeof body === 'string') return Buffer.from(body);
  if (isObject(body)) return { parsed: body };
  throw new TypeError(
    `The body of a webhook must be the received bytes, or the object parsed from them, not ${String(body)}. ` +
      'In Nest, create the app with { rawBody: true } and pass request.rawBody.',
  );
}

/** The message of the error that caused a failure, for the log. */
export function failureOf(error: unknown): string {
  const cause: unknown = error instanceof LalamoveWebhookException ? (error.cause ?? error) : error;
  return wordsOf(cause);
}
