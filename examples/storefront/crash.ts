import type { Delivery, TimelineEntry } from 'nestjs-lalamove/deliveries';
import type { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { shopOrder } from './curl-lines.js';

const REFERENCE = 'C-1';

interface Started {
  url: string;
  /** The signal that ended it. */
  ended: Promise<string | undefined>;
}

/**
 * Books a delivery, kills the storefront after Lalamove's answer and before the commit, and starts it again on the same
 * file.
 *
 * @returns whether exactly one courier was booked and the delivery was completed
 */
export async function crashAndRecover(sandbox: LalamoveSandbox): Promise<boolean> {
  console.log('\nA crash during a booking, and the recovery\n');
  const folder = mkdtempSync(join(tmpdir(), 'storefront-'));
  const started: ChildProcess[] = [];
  try {
    const start = async (fatalStep: string): Promise<Started> => {
      const { url: baseUrl, apiKey, apiSecret } = sandbox;
      const file = join(folder, 'deliveries.db');
      const script = fileURLToPath(new URL('crashing-storefront.js', import.meta.url));
      const child = fork(script, [baseUrl, apiKey, apiSecret, file, fatalStep]);
      started.push(child);
      const ended = once(child, 'exit').then(() => child.signalCode ?? undefined);
      const [url] = (await Promise.race([once(child, 'message'), ended.then(() => [])])) as [string?];
      if (url === undefined) throw new Error('The storefront has not started.');
      return { url, ended };
    };

    const first = await start('posted');
    const booked = await book(first.url);
    console.log(`  booked     ${booked.reference}: ${booked.state}`);
    const signal = await first.ended;
    console.log(`  killed     by ${signal ?? 'nothing'}, between the order's answer and its commit`);
    console.log(`  Lalamove   has ${sandbox.ledgerFor({ reference: REFERENCE }).live.length} live order`);

    const second = await start('');
    const again = await book(second.url);
    console.log(`  restarted  on the same file; the shop books again and gets the delivery of ${again.createdAt}`);
    const found = await settled(second.url, ({ orderId }) => orderId !== undefined);
    console.log(`  found      order ${found.orderId ?? 'none'}: ${found.state}`);
    for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) {
      if (found.orderId !== undefined) sandbox.moveOrder(found.orderId, status);
    }
    await sandbox.advance('1s'); // its webhooks arrive
    const done = await settled(second.url, ({ state }) => state === 'completed');
    const timeline = (await (await fetch(`${second.url}/orders/${REFERENCE}/timeline`)).json()) as TimelineEntry[];
    const steps = timeline.flatMap((entry) => (entry.source === 'delivery' ? [entry.event.type] : []));
    console.log(`  timeline   ${steps.join(', ')}`);

    const { orderIds, completed } = sandbox.ledgerFor({ reference: REFERENCE });
    const isOne = signal === 'SIGKILL' && orderIds.length === 1 && completed.length === 1 && done.state === 'completed';
    console.log(
      isOne
        ? '\nOne order was placed, and it was delivered.'
        : `\n${orderIds.length} orders were placed, ${completed.length} delivered; ` +
            `the delivery is ${done.state}.   << not as documented`,
    );
    return isOne;
  } finally {
    await Promise.all(started.map(stop));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function book(url: string): Promise<Delivery> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(shopOrder(REFERENCE));
  return (await (await fetch(`${url}/orders`, { method: 'POST', headers, body })).json()) as Delivery;
}

/** Polls until the condition holds, for at most ten seconds. */
async function settled(url: string, holds: (delivery: Delivery) => boolean): Promise<Delivery> {
  for (let tries = 0; ; tries += 1) {
    const delivery = (await (await fetch(`${url}/orders/${REFERENCE}`)).json()) as Delivery;
    if (holds(delivery) || tries === 200) return delivery;
    await pause(50);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
