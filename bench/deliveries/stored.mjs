// Makes a database file with a number of completed deliveries, each with its attempt and its events.
import Database from 'libsql';
import { openDatabase } from 'nestjs-lalamove/deliveries';

const BATCH = 50_000;
const WEBHOOKS = 2;
const EVENTS = 2;

export async function storeMany(file, count) {
  const made = await openDatabase({ file });
  await made.destroy();
  if (count === 0) return;
  const db = new Database(file);
  db.exec('pragma synchronous = off');
  const progress = JSON.stringify({
    booked: 1,
    feeSteps: 0,
    driverChanges: 0,
    polls: 0,
    lastUpdateAt: 1,
    failures: 0,
    order: { orderId: '1', status: 'COMPLETED' },
  });
  const request = JSON.stringify({ quotation: { stops: ['x'.repeat(300)] }, sender: {}, recipients: [] });
  const payload = JSON.stringify({ data: 'x'.repeat(300), signedAt: 1 });
  for (let from = 0; from < count; from += BATCH) {
    const to = Math.min(count, from + BATCH);
    const numbers = `with recursive n(i) as (select ${from} union all select i + 1 from n where i + 1 < ${to})`;
    // In insertion order: random ids would take the disk an hour.
    const id = `printf('%016x', i)`;
    db.exec('begin');
    db.prepare(
      `insert into deliveries ${numbers} select ${id}, '', 'old-' || i, 'hash', ?, null, 'completed', 9,
         null, null, null, 'o' || i, ?, 1000 + i, 2000 + i from n`,
    ).run([request, progress]);
    db.exec(
      `insert into delivery_attempts ${numbers} select 'a' || ${id}, ${id}, '', 1, 'q' || i, 'o' || i, 'placed',
         '213', 'HKD', 1000 + i, 1001 + i from n`,
    );
    for (let event = 0; event < WEBHOOKS + EVENTS; event += 1) {
      const isWebhook = event < WEBHOOKS;
      const keys = isWebhook ? `'f${event}' || ${id}, 'r${event}' || ${id}, 'o' || i` : 'null, null, null';
      db.prepare(
        `insert into delivery_events (delivery_id, account, source, type, fingerprint, repeat_key, order_id,
           occurred_at, received_at, payload, applied_at, dispatch)
         ${numbers} select ${id}, '', '${isWebhook ? 'webhook' : 'delivery'}', 'ORDER_STATUS_CHANGED', ${keys},
           1000 + i, 1000 + i, ?, 1, 'none' from n`,
      ).run([payload]);
    }
    db.exec('commit');
  }
  db.exec('analyze');
  db.close();
}
