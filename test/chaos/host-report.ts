import type { DeliveriesService } from '../../src/deliveries/index.js';
import type { HostReport, ReportedWebhook } from './messages.js';

/** Reads everything that the verdict needs from a host's database. */
export async function reportOf(deliveries: DeliveriesService): Promise<HostReport> {
  const db = deliveries.database;
  const page = await deliveries.list({ limit: 1000 });
  const attempts = await db.selectFrom('delivery_attempts').select(['id', 'outcome']).execute();
  const own = await db
    .selectFrom('delivery_events')
    .innerJoin('deliveries', 'deliveries.id', 'delivery_events.delivery_id')
    .select(['delivery_events.id', 'reference'])
    .where('source', '=', 'delivery')
    .orderBy('delivery_events.id')
    .execute();
  const timelines: Record<string, number[]> = {};
  for (const { id, reference } of own) (timelines[reference] ??= []).push(id);
  return {
    timelines,
    deliveries: page.deliveries.map(({ reference, state, reason, orderId, attempts: made }) => ({
      reference,
      state,
      reason: reason?.code,
      orderId,
      attempts: made,
    })),
    webhooks: await storedWebhooks(deliveries),
    attempts: Object.fromEntries(attempts.map(({ id, outcome }) => [id, outcome])),
  };
}

async function storedWebhooks({ database }: DeliveriesService): Promise<ReportedWebhook[]> {
  const rows = await database
    .selectFrom('delivery_events')
    .leftJoin('deliveries', 'deliveries.id', 'delivery_events.delivery_id')
    .select(['delivery_events.id', 'payload', 'reference'])
    .where('source', '=', 'webhook')
    .execute();
  return rows.map(({ id, payload, reference }) => {
    const { eventId, data, fingerprint } = JSON.parse(payload) as Record<'eventId' | 'data' | 'fingerprint', string>;
    return { id, eventId, data, fingerprint, reference: reference ?? undefined };
  });
}
