import 'reflect-metadata';
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { appendFileSync } from 'node:fs';
import { LalamoveModule, LalamoveService, OnLalamoveEvent, type LalamoveEvent } from '../../src/index.js';
import { DeliveriesModule, DeliveriesService, OnDelivery, type DeliveryEvent } from '../../src/deliveries/index.js';
import { DeliveriesRuntime } from '../../src/deliveries/deliveries.runtime.js';
import { SandboxClock } from '../../src/sandbox/index.js';
import { answerFileCommand } from './file-commands.js';
import type { HostCommand, HostPlan, HostReport, JournalLine } from './messages.js';

// A host app in its own process. It carries out commands, and kills itself where its plan says.

const plan = JSON.parse(process.env.CHAOS_PLAN ?? '') as HostPlan;
const { kill } = plan;
const clock = new SandboxClock({ speed: 0, startAt: plan.startAt });
const WEBHOOKS = 'webhooks/lalamove';

let steps = 0;
let isArmed = false;

/** Kills the process like a power cut: no handler runs, and nothing is flushed. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Writes every event to the journal. Sometimes it fails before it writes, so that it must be called again. */
class JournalHandler {
  #calls = 0;

  @OnDelivery('*')
  onDelivery({ reference, id }: DeliveryEvent): void {
    this.#write({ reference, id });
  }

  @OnLalamoveEvent('*')
  onWebhook(event: LalamoveEvent): void {
    this.#write({ fingerprint: event.fingerprint });
  }

  #write(line: JournalLine): void {
    const { journal, failsOneIn = Infinity } = plan;
    if (journal === undefined) return;
    this.#calls += 1;
    if (this.#calls % failsOneIn === 0) throw new Error('The handler fails on purpose.');
    appendFileSync(journal, `${JSON.stringify(line)}\n`);
  }
}

async function main(): Promise<void> {
  const { apiKey, apiSecret, baseUrl, timeoutMs, file, port } = plan;
  const onStep = (step: string, reference: string): void => {
    if (process.env.CHAOS_LOG) console.log(step, reference);
    if (!isArmed || kill.at !== 'step' || (kill.step !== undefined && kill.step !== step)) return;
    steps += 1;
    if (steps === kill.count) die();
  };
  const app = await NestFactory.create(
    moduleOf([
      LalamoveModule.forRoot({
        apiKey,
        apiSecret,
        market: 'HK',
        baseUrl,
        clock,
        timeoutMs,
        retry: { maxAttempts: 1 },
        rateLimit: false,
        webhook: { path: WEBHOOKS },
      }),
      DeliveriesModule.forRoot({
        database: { file, ...plan.database },
        clock,
        policy: plan.policy ?? {},
        hooks: { onStep },
      }),
    ]),
    { logger: process.env.CHAOS_LOG ? ['error', 'warn'] : false },
  );
  await app.listen(port, '127.0.0.1');
  const runtime = app.get(DeliveriesRuntime, { strict: false });
  clock.settle(() => runtime.idle());
  const answer = async (command: HostCommand): Promise<unknown> => {
    switch (command.do) {
      case 'book':
        isArmed = true;
        if (kill.at === 'time') setTimeout(die, kill.ms);
        await Promise.all(command.bookings.map((booking) => app.get(DeliveriesService).book(booking)));
        return clock.advance(0);
      case 'cancel':
        return app.get(DeliveriesService).cancel(command.reference);
      case 'advance':
        return clock.advance(command.ms);
      case 'report':
        return reportOf(app.get(DeliveriesService));
      default:
        return answerFileCommand(command, app.get(DeliveriesService));
    }
  };
  process.on('message', ({ id, command }: { id: number; command: HostCommand }) => {
    answer(command).then(
      (done) => process.send?.({ id, done: done ?? null }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
  });
  // If a file may not grow, the write must fail instead of ending the process.
  process.on('SIGXFSZ', () => undefined);
  // The parent process has ended.
  process.on('disconnect', die);
  await app.get(LalamoveService).setWebhookUrl(`http://127.0.0.1:${port}/${WEBHOOKS}`, { timeoutMs: 10_000 });
  process.send?.({ ready: true });
}

function moduleOf(imports: Parameters<typeof Module>[0]['imports']): Type<unknown> {
  class ChaosModule {}
  Module({ imports: imports ?? [], providers: [JournalHandler] })(ChaosModule);
  return ChaosModule;
}

async function reportOf(deliveries: DeliveriesService): Promise<HostReport> {
  const db = deliveries.database;
  const page = await deliveries.list({ limit: 1000 });
  const webhooks = await db.selectFrom('delivery_events').select('payload').where('source', '=', 'webhook').execute();
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
    webhooks: webhooks.map(({ payload }) => {
      const { data, fingerprint } = JSON.parse(payload) as { data: string; fingerprint: string };
      return { data, fingerprint };
    }),
    attempts: Object.fromEntries(attempts.map(({ id, outcome }) => [id, outcome])),
  };
}

main().catch((error: unknown) => {
  process.send?.({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
});
