import type { SandboxOrder, SandboxWebhook } from '../../src/sandbox/control/control-views.js';
import { handledWebhooks } from './handlers-verdict.js';
import type { JournalLine } from './journal.js';
import type { HostReport, ReportedWebhook } from './messages.js';

interface Finding {
  readonly reference: string;
  readonly what: string;
}

/**
 * Checks that every webhook that was answered with 200 is stored once, in the timeline of the delivery whose order it
 * is about, and that a handler was called with it.
 */
export function wrongWebhooks(
  { webhooks }: HostReport,
  events: readonly SandboxWebhook[],
  orders: readonly SandboxOrder[],
  journal: readonly JournalLine[],
): Finding[] {
  const stored = new Map<string, ReportedWebhook[]>();
  for (const row of webhooks) stored.set(keyOf(row), [...(stored.get(keyOf(row)) ?? []), row]);
  // The id of an event is not signed: two events with the same data in the same second count as one.
  const sameData = new Map(webhooks.map((row) => [row.data, [row]]));
  const { handled, repeated } = handledWebhooks(
    journal,
    new Map(webhooks.map(({ id, fingerprint }) => [id, fingerprint])),
  );
  const referenceOf = new Map(orders.map(({ order }) => [order.orderId, order.metadata?.reference ?? '']));
  const wrong = events
    .filter(({ state }) => state === 'delivered')
    .flatMap((event): Finding[] => {
      const rows = stored.get(keyOf(event)) ?? sameData.get(event.data) ?? [];
      const reference = referenceOf.get(event.orderId ?? '') ?? '';
      const what = wrongRows(rows, reference, handled);
      return what === undefined ? [] : [{ reference, what: `${what}: ${event.eventType} ${event.eventId}` }];
    });
  const twice = [...stored.values()].filter((rows) => rows.length > 1).flatMap(([first]) => first ?? []);
  return [
    ...wrong,
    ...twice.map(({ eventId, reference = '' }) => ({ reference, what: `a webhook is stored twice: ${eventId}` })),
    ...repeated.map((fingerprint) => ({
      reference: '',
      what: `a handler was called again with a webhook that it had handled: ${fingerprint}`,
    })),
  ];
}

function wrongRows(
  [row]: readonly ReportedWebhook[],
  reference: string,
  handled: ReadonlySet<string>,
): string | undefined {
  if (!row) return 'an acknowledged webhook is missing';
  if (reference !== '' && row.reference !== reference) {
    const where = row.reference === undefined ? 'in no timeline' : `in the timeline of ${row.reference}`;
    return `an acknowledged webhook is ${where}`;
  }
  return handled.has(row.fingerprint) ? undefined : 'no handler call with an acknowledged webhook succeeded';
}

/** The data may be the same in two events, and the events of a match have the same id. */
function keyOf({ eventId, data }: { readonly eventId: string; readonly data: string }): string {
  return `${eventId} ${data}`;
}
