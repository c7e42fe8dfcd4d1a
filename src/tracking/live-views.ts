import { createHash } from 'node:crypto';
import type { Subscription } from 'rxjs';
import type { TrackedDeliveries } from '../deliveries/application/tracked-deliveries.js';
import { detached } from '../internal/async-context.js';
import type { LinkContent } from './link-codec.js';
import { recipientView, type RecipientView } from './view/recipient-view.js';

/** A change that nobody has signalled, for example of another process, is seen after this time. */
const LOOK_MS = 3_000;

/** How long a view waits for an answer of Lalamove's. After that it shows what was known, and the next look has it. */
const LALAMOVE_WAIT_MS = 1_500;

/** The view of a link at a moment. */
export interface SeenView extends RecipientView {
  /** Names the view: the same id means the same view. */
  readonly id: string;
  /** The account of the delivery; empty for the default one. */
  readonly account: string;
}

/** Called at each look; `undefined` if the delivery cannot be seen any more. */
export type ViewListener = (seen: SeenView | undefined) => void;

/** The dependencies of {@link LiveViews}. */
export interface LiveViewsParts {
  readonly deliveries: () => TrackedDeliveries;
  readonly hasDriverPhone: boolean;
}

type Viewed = Pick<LinkContent, 'deliveryId' | 'recipient' | 'generation'>;

/** The views that are looked at. All viewers of a recipient share one look. Nothing is read while nobody looks. */
export class LiveViews {
  readonly #rooms = new Map<string, Room>();

  constructor(private readonly parts: LiveViewsParts) {}

  /**
   * Looks once.
   *
   * @returns `undefined` if there is no such delivery, it was forgotten, or the link was revoked
   * @throws DeliveriesStoreException
   */
  async look({ deliveryId, recipient, generation }: Viewed): Promise<SeenView | undefined> {
    const deliveries = this.parts.deliveries();
    const record = await deliveries.byId(deliveryId);
    // After `forget` nothing is left that a recipient could be shown.
    if (!record?.request || recipient >= record.request.recipients.length) return undefined;
    // Before anything else is read: how long an answer takes must not say whether a driver is under way.
    if ((record.progress.revokedLinks ?? 0) !== generation) return undefined;
    const history = await deliveries.history(record);
    const reading = await soon(deliveries.driver(record));
    const facts = {
      record,
      history,
      reading,
      recipient,
      hasDriverPhone: this.parts.hasDriverPhone,
      now: deliveries.now(),
    };
    const first = recipientView({ ...facts, order: undefined });
    const found = first.needsOrder ? recipientView({ ...facts, order: await soon(deliveries.order(record)) }) : first;
    const id = createHash('sha256').update(JSON.stringify(found.view)).digest('base64url').slice(0, 16);
    return { ...found, id, account: record.account };
  }

  /** Calls back at each look, from now on. @returns a function that ends it */
  follow(viewed: Viewed, listener: ViewListener): () => void {
    const key = keyOf(viewed);
    const room = this.#rooms.get(key) ?? new Room(this.parts.deliveries(), viewed.deliveryId, () => this.look(viewed));
    this.#rooms.set(key, room);
    room.enter(listener);
    return () => {
      if (room.leave(listener)) this.#rooms.delete(key);
    };
  }

  /** How many listeners a recipient's view has. */
  viewers(viewed: Viewed): number {
    return this.#rooms.get(keyOf(viewed))?.size ?? 0;
  }
}

function keyOf({ deliveryId, recipient, generation }: Viewed): string {
  return `${deliveryId} ${recipient} ${generation}`;
}

/** The viewers of one view. */
class Room {
  readonly #listeners = new Set<ViewListener>();
  readonly #timer: NodeJS.Timeout;
  readonly #changes: Subscription;
  #isLooking = false;
  #looksAgain = false;

  constructor(
    deliveries: TrackedDeliveries,
    deliveryId: string,
    private readonly see: () => Promise<SeenView | undefined>,
  ) {
    const look = (): void => {
      this.#look();
    };
    this.#timer = detached(() => setInterval(look, LOOK_MS));
    this.#timer.unref();
    this.#changes = deliveries.changes(deliveryId).subscribe(look);
  }

  get size(): number {
    return this.#listeners.size;
  }

  enter(listener: ViewListener): void {
    this.#listeners.add(listener);
    this.#look();
  }

  /** @returns whether nobody is left */
  leave(listener: ViewListener): boolean {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return false;
    clearInterval(this.#timer);
    this.#changes.unsubscribe();
    return true;
  }

  #look(): void {
    this.#looksAgain = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    void detached(() => this.#lookAll()).finally(() => {
      this.#isLooking = false;
    });
  }

  async #lookAll(): Promise<void> {
    while (this.#looksAgain && this.#listeners.size > 0) {
      this.#looksAgain = false;
      try {
        const seen = await this.see();
        for (const listener of [...this.#listeners]) listener(seen);
      } catch {
        // The database does not answer: what was seen stays, and the next look tries again.
      }
    }
  }
}

/** What arrives in time. The rest is there at the next look. */
async function soon<T>(answer: Promise<T | undefined>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, LALAMOVE_WAIT_MS, undefined);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
