import { LruMap } from '../../internal/lru-map.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import type { WebhookDelivery } from './webhook-delivery.js';

/** The minimum interval between two warnings about one receiver, in ms of real time. */
const WARNING_INTERVAL_MS = 60_000;

/** The maximum number of receivers in memory. */
const MAX_RECEIVERS = 100;

/** Logs a warning if a receiver drops events of this sandbox because its clock differs. The response shows this. */
export class UntimelyWarnings {
  readonly #warnedAt = new LruMap<string, number>(MAX_RECEIVERS);

  constructor(private readonly world: SandboxWorld) {}

  /** Checks the response to an event. */
  look({ eventId, eventType, isBadlySigned }: WebhookDelivery, url: string, { status, body }: ReceiverAnswer): void {
    if (status !== 200 || isBadlySigned || !isDropped(body)) return;
    const now = performance.now();
    if (now < (this.#warnedAt.get(url) ?? -Infinity) + WARNING_INTERVAL_MS) return;
    this.#warnedAt.set(url, now);
    const what =
      'The receiver drops events of this sandbox: by its clock they are too old, or lie in the future. ' +
      'Give its modules the option clock: sandboxClock(url of this sandbox).';
    this.world.log.add({ kind: 'untimely', eventId, type: eventType, url, what });
  }
}

interface ReceiverAnswer {
  readonly status: number;
  readonly body: string;
}

/** This package's endpoint sends this response if an event is verified but its timestamp is out of range. */
function isDropped(body: string): boolean {
  return /"ignored"\s*:\s*true/.test(body);
}
