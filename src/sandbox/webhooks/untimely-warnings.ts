import type { SandboxWorld } from '../state/sandbox-world.js';
import type { WebhookDelivery } from './webhook-delivery.js';

/** A receiver is warned about at most once in this time, in ms of real time. */
const WARNING_INTERVAL_MS = 60_000;

/** The maximum number of receivers to remember. */
const MAX_RECEIVERS = 100;

/** Logs a warning if a receiver's answer shows that it drops events of this sandbox because its clock differs. */
export class UntimelyWarnings {
  readonly #warnedAt = new Map<string, number>();

  constructor(private readonly world: SandboxWorld) {}

  /** Checks the answer to an event. */
  check({ eventId, eventType, isBadlySigned }: WebhookDelivery, url: string, { status, body }: ReceiverAnswer): void {
    if (status !== 200 || isBadlySigned || !isDropped(body)) return;
    const now = performance.now();
    const warnedAt = this.#warnedAt.get(url);
    if (warnedAt !== undefined && now < warnedAt + WARNING_INTERVAL_MS) return;
    if (this.#warnedAt.size >= MAX_RECEIVERS) this.#warnedAt.clear();
    this.#warnedAt.set(url, now);
    const what =
      'The receiver drops events of this sandbox, because by its clock they are too old or from the future. ' +
      'Give its modules the option clock: sandboxClock(url of this sandbox).';
    this.world.log.add({ kind: 'untimely', eventId, type: eventType, url, what });
  }
}

interface ReceiverAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * The webhook endpoint of this package answers this if it drops a valid event. The reason can only be its timestamp.
 */
function isDropped(body: string): boolean {
  return /"ignored"\s*:\s*true/.test(body);
}
