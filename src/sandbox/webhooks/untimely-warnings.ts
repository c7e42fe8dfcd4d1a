import { LruMap } from '../../internal/lru-map.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import type { WebhookDelivery } from './webhook-delivery.js';

/** A receiver is warned of once in so long, in ms of real time. */
const WARNING_INTERVAL_MS = 60_000;

/** Receivers that are remembered. */
const MAX_RECEIVERS = 100;

/** Warns of receivers whose answers show that they drop events of this sandbox, since their clock is another. */
export class UntimelyWarnings {
  readonly #warnedAt = new LruMap<string, number>(MAX_RECEIVERS);

  constructor(private readonly world: SandboxWorld) {}

  /** Looks at the answer to an event. */
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

/** The endpoint of this package answers so to what it verified but did not accept: an event that is out of time. */
function isDropped(body: string): boolean {
  return /"ignored"\s*:\s*true/.test(body);
}
