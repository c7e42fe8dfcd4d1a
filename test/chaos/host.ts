import 'reflect-metadata';
import { Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { LalamoveModule, LalamoveService } from '../../src/index.js';
import { DeliveriesModule, DeliveriesService } from '../../src/deliveries/index.js';
import type { DeliveryStep } from '../../src/deliveries/deliveries.hooks.js';
import { DeliveriesRuntime } from '../../src/deliveries/deliveries.runtime.js';
import { SandboxClock } from '../../src/sandbox/index.js';
import { DoublingQueue, named, runs } from './doubling-queue.js';
import { answerFileCommand } from './file-commands.js';
import { reportOf } from './host-report.js';
import { queueOf, storageOf, synchronousOf } from './host-storage.js';
import { writeJournal } from './journal.js';
import { JournalHandler } from './journal-handler.js';
import type { ChaosStep, HostCommand, HostPlan } from './messages.js';
import { PostedOrders } from './posted-orders.js';
import { UnkeptResults } from './unkept-results.js';

// A host app in its own process. It carries out commands, and kills itself where its plan says.

const plan = JSON.parse(process.env.CHAOS_PLAN ?? '') as HostPlan;
const { kill, journal } = plan;
const clock = new SandboxClock({ speed: 0, startAt: plan.startAt });
const queue = new DoublingQueue(clock);
const posted = new PostedOrders();
const WEBHOOKS = 'webhooks/lalamove';

/** Longer than a lease. Two jumps and the skew of the clocks are less than deliveries allow for. */
const JUMP_MS = 2.5 * 60_000;
const MOST_JUMPS = 2;

let app: INestApplication<Server>;
let steps = 0;
let answers = 0;
let jumps = 0;
let isArmed = false;
let isRival = false;

/** Kills the process like a power cut: no handler runs, and nothing is flushed. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Dies if the plan says so. */
function reached(step: ChaosStep): void {
  if (!isArmed || kill.at !== 'step' || (kill.step !== undefined && kill.step !== step)) return;
  steps += 1;
  if (steps === kill.count) die();
}

async function onStep(step: DeliveryStep, reference: string): Promise<void> {
  if (process.env.CHAOS_LOG) console.log(step, reference);
  reached(step);
  if (journal === undefined) return;
  const run = runs.getStore();
  // The outbox is not worked on under a lease, and the inbox has no reference.
  if (run !== undefined && !/^(dispatch|event_)/.test(step)) writeJournal(journal, { step, reference, run });
  if (step === 'posted') await beLate(reference);
  if (step !== 'released' || isRival) return;
  for (const dropped of await posted.dropped(reference, app.get(DeliveriesService))) {
    writeJournal(journal, { dropped, reference });
  }
}

/** Holds an answer back until its lease has ended and another worker has taken over. */
async function beLate(reference: string): Promise<void> {
  if (isRival || jumps === MOST_JUMPS || plan.lateAnswers === undefined || !posted.hasAnswer(reference)) return;
  answers += 1;
  if (answers % plan.lateAnswers !== 0) return;
  jumps += 1;
  writeJournal(journal, { jumped: JUMP_MS });
  clock.set(clock.now() + JUMP_MS);
  const { database } = app.get(DeliveriesService);
  const found = await database
    .selectFrom('deliveries')
    .select('id')
    .where('reference', '=', reference)
    .executeTakeFirst();
  isRival = true;
  if (found) await queue.rival(found.id);
  isRival = false;
}

async function main(): Promise<void> {
  const { apiKey, apiSecret, baseUrl, timeoutMs, port } = plan;
  const ownQueue = await queueOf(plan);
  JournalHandler.parts = {
    journal,
    failsOneIn: plan.failsOneIn ?? Infinity,
    handling: () => {
      reached('handling');
    },
  };
  app = await NestFactory.create<INestApplication<Server>>(
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
        ...(await storageOf(plan)),
        ...(plan.doublesWakes === true && { queue }),
        ...(ownQueue && { queue: ownQueue }),
        clock,
        policy: plan.policy ?? {},
        hooks: { onStep },
      }),
    ]),
    { logger: new UnkeptResults(journal, Boolean(process.env.CHAOS_LOG)) },
  );
  watchAnswers(app.getHttpServer());
  posted.listen(app.get(LalamoveService));
  await app.listen(port, '127.0.0.1');
  const runtime = app.get(DeliveriesRuntime, { strict: false });
  clock.settle(async () => {
    do await runtime.idle();
    while (await queue.idle());
  });
  takeCommands();
  if (plan.isBehindBalancer !== true) await register(port);
  process.send?.({ ready: true, synchronous: await synchronousOf(app.get(DeliveriesService), plan) });
}

/** Reports the step `answered` as soon as the answer to a webhook is with the operating system. */
function watchAnswers(server: Server): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.endsWith(WEBHOOKS) !== true) return;
    response.once('finish', () => {
      reached('answered');
    });
  });
}

/** Registers a port for webhooks. */
async function register(port: number): Promise<void> {
  await app.get(LalamoveService).setWebhookUrl(`http://127.0.0.1:${port}/${WEBHOOKS}`, { timeoutMs: 10_000 });
}

function takeCommands(): void {
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
}

async function answer(command: HostCommand): Promise<unknown> {
  const deliveries = app.get(DeliveriesService);
  switch (command.do) {
    case 'book':
      isArmed = true;
      if (kill.at === 'time') setTimeout(die, kill.ms);
      await Promise.all(command.bookings.map((booking) => deliveries.book(booking)));
      return clock.advance(0);
    case 'cancel':
      return named(() => deliveries.cancel(command.reference));
    case 'register':
      return register(command.port);
    case 'advance':
      return clock.advance(command.ms);
    case 'report':
      return reportOf(deliveries);
    default:
      return answerFileCommand(command, deliveries);
  }
}

function moduleOf(imports: Parameters<typeof Module>[0]['imports']): Type<unknown> {
  class ChaosModule {}
  Module({ imports: imports ?? [], providers: [JournalHandler] })(ChaosModule);
  return ChaosModule;
}

main().catch((error: unknown) => {
  process.send?.({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
});
