import 'reflect-metadata';
import type { HttpService } from '@nestjs/axios';
import { Module, type LoggerService, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import {
  getLalamoveHttpToken,
  LalamoveException,
  LalamoveModule,
  LalamoveService,
  type RateLimitOptions,
} from '../../../src/index.js';
import { redisRateLimitStore } from '../../../src/redis/index.js';
import { SandboxClock } from '../../../src/sandbox/index.js';
import type { ProcessPlan, ProcessReport } from './plan.js';
import { ScaledStore } from './scaled-store.js';

// An app in its own process, which makes many calls at once when it is told to.

const plan = JSON.parse(process.env.CALLER_PLAN ?? '') as ProcessPlan;
const { speed, anchor, redis: shared } = plan;
const startAt = anchor.here + (Date.now() - anchor.real) * speed + plan.skewMs;
const clock = new SandboxClock({ speed, startAt });
const lines: string[] = [];
const note = (line: unknown): number => lines.push(String(line));
const logger: LoggerService = { log: note, warn: note, error: note };

async function main(): Promise<void> {
  const client = shared && new Redis(shared.url);
  client?.on('error', () => undefined);
  const prefix = shared?.prefix ?? '';
  const rateLimit: RateLimitOptions = {
    budgets: 'production',
    ...(plan.processes !== undefined && { processes: plan.processes }),
    ...(client && { store: new ScaledStore(redisRateLimitStore({ client, prefix }), speed) }),
  };
  const account = LalamoveModule.forRoot({
    apiKey: plan.apiKey,
    apiSecret: plan.apiSecret,
    market: 'HK',
    baseUrl: plan.baseUrl,
    clock,
    logger,
    rateLimit,
    deadlineMs: 3_600_000,
    timeoutMs: 60_000,
  });
  const app = await NestFactory.createApplicationContext(moduleOf(account), { logger: false });
  const lalamove = app.get(LalamoveService);
  if (plan.isBlind) hideLimits(app.get<HttpService>(getLalamoveHttpToken()));
  // Opens a connection and compiles the code, in another budget.
  await lalamove.getCities();
  process.once('message', () => {
    void callAll(lalamove).then(async (failures) => {
      client?.disconnect();
      await app.close();
      const report: ProcessReport = { failures, lines };
      process.send?.(report, () => {
        process.disconnect();
      });
    });
  });
  process.send?.('ready');
}

function hideLimits({ axiosRef }: HttpService): void {
  axiosRef.interceptors.response.use((response) => {
    const limits = Object.keys(response.headers).filter((name) => name.startsWith('ratelimit'));
    for (const name of limits) Reflect.deleteProperty(response.headers, name);
    return response;
  });
}

async function callAll(lalamove: LalamoveService): Promise<string[]> {
  const { order, orderId, calls } = plan;
  const one = (): Promise<unknown> => (order ? lalamove.placeOrder(order) : lalamove.getOrder(orderId));
  const ended = await Promise.allSettled(Array.from({ length: calls }, one));
  return ended.flatMap((end) => {
    if (end.status === 'fulfilled') return [];
    const reason: unknown = end.reason;
    return [reason instanceof LalamoveException ? reason.code : String(reason)];
  });
}

function moduleOf(account: ReturnType<typeof LalamoveModule.forRoot>): Type<unknown> {
  class CallerModule {}
  Module({ imports: [account] })(CallerModule);
  return CallerModule;
}

await main();
