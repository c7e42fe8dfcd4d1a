import { afterEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { InMemoryLalamoveInbox, LalamoveModule, LalamoveOptionsException, LalamoveService } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesOptionsException } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { ORDER } from '../support/inputs.js';
import { failureOf, KEYS } from '../support/lalamove.js';

const TIMER = 2 ** 31 - 1;
const YEAR_MINUTES = 525_600;
const YEAR_SECONDS = 31_536_000;

/** The message of an app that fails at boot. */
async function boot(module: Parameters<typeof Test.createTestingModule>[0]): Promise<unknown> {
  try {
    const app = await Test.createTestingModule(module).compile();
    await app.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** An object with one member, at any depth. */
function nested(path: string, value: unknown): Record<string, unknown> {
  const [name = '', ...rest] = path.split('.');
  return { [name]: rest.length > 0 ? nested(rest.join('.'), value) : value };
}

/** Each option with its limit, the limit as its message writes it, and a value just above it. */
const MODULE: [string, unknown, unknown, string][] = [
  ['timeoutMs', TIMER, TIMER + 1, '2147483647'],
  ['deadlineMs', TIMER, TIMER + 1, '2147483647'],
  ['retry.maxAttempts', 1000, 1001, '1000'],
  ['retry.baseDelayMs', TIMER, TIMER + 1, '2147483647'],
  ['retry.maxDelayMs', TIMER, Infinity, '2147483647'],
  ['webhook.maxAgeSeconds', YEAR_SECONDS, YEAR_SECONDS + 1, '31536000'],
  ['rateLimit.ordersPerSecond', 1e9, 1e9 + 1, '1000000000'],
  ['rateLimit.processes', 10_000, 10_001, '10000'],
  ['rateLimit.perMinute', { getOrder: 1e9 }, { getOrder: 1e9 + 1 }, '1000000000'],
];

const DELIVERIES: [string, unknown, unknown, string][] = [
  ['concurrency', 10_000, 10_001, '10000'],
  ['sweepSeconds', 86_400, 2_200_000, '86400'],
  ['unmatchedHours', 8760, 8761, '8760'],
  ['retentionDays', 36_500, 36_501, '36500'],
  ['shutdownMs', 3_600_000, TIMER + 1, '3600000'],
  ['policy.unknownOutcome', { waitMinutes: YEAR_MINUTES }, { waitMinutes: YEAR_MINUTES + 1 }, '525600'],
  ['policy.replacement', { waitMinutes: YEAR_MINUTES }, { waitMinutes: YEAR_MINUTES + 1 }, '525600'],
  ['policy.rebook', { maxAttempts: 1000 }, { maxAttempts: 1001 }, '1000'],
  ['policy.changeDriver', { afterMinutes: YEAR_MINUTES }, { afterMinutes: YEAR_MINUTES + 1 }, '525600'],
  ['policy.changeDriver', { maxChanges: 1000 }, { maxChanges: 1001 }, '1000'],
  ['policy.poll', { maxSeconds: YEAR_SECONDS }, { maxSeconds: YEAR_SECONDS + 1 }, '31536000'],
  ['policy.failures', { maxFailures: 1000 }, { maxFailures: 1001 }, '1000'],
  ['policy.raiseFee', steps(100), steps(101), '100'],
  [
    'policy.raiseFee',
    [{ afterMinutes: YEAR_MINUTES, priorityFee: '1' }],
    [{ afterMinutes: 1e9, priorityFee: '1' }],
    '525600',
  ],
];

const SANDBOX: [string, unknown, unknown, string][] = [
  ['maxRejections', 1000, 1001, '1000'],
  ['historyLimit', 10_000_000, 10_000_001, '10000000'],
  ['webhooks.timeoutMs', TIMER, TIMER + 1, '2147483647'],
  ['webhooks.earlyWaitMs', TIMER, TIMER + 1, '2147483647'],
  ['webhooks.retryPauses', ['365d'], ['366d'], '365d'],
  ['webhooks.retryPauses', Array(1000).fill('1s'), Array(1001).fill('1s'), '1000'],
  ['drivers', [{ do: 'accept', after: '365d' }], [{ do: 'accept', after: '366d' }], '365d'],
  ['drivers', [{ do: 'replace', gap: '365d' }], [{ do: 'replace', gap: '366d' }], '365d'],
];

const FAULTS: [string, object, object, string][] = [
  ['latencyMs', { latencyMs: TIMER }, { latencyMs: TIMER + 1 }, '2147483647'],
  ['lateBy', { work: 'late', lateBy: '365d' }, { work: 'late', lateBy: '366d' }, '365d'],
  ['delay', { webhook: 'delayed', delay: '365d' }, { webhook: 'delayed', delay: '366d' }, '365d'],
  ['times', { answer: 'reset', times: 1e9 }, { answer: 'reset', times: 1e9 + 1 }, '1000000000'],
];

const INBOX: [string, unknown, unknown, string][] = [
  ['remembers', 10_000_000, Infinity, '10000000'],
  ['holds', 10_000_000, 10_000_001, '10000000'],
  ['retryDelaysMs', [TIMER], [TIMER + 1], '2147483647'],
  ['retryDelaysMs', Array(100).fill(1), Array(101).fill(1), '100'],
  ['shutdownMs', TIMER, TIMER + 1, '2147483647'],
];

function steps(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({ afterMinutes: index + 1, priorityFee: String(index + 1) }));
}

describe('an option above its limit', () => {
  let sandbox: LalamoveSandbox | undefined;

  afterEach(async () => {
    await sandbox?.stop();
    sandbox = undefined;
  });

  it.each(MODULE)('of LalamoveModule is refused at boot: %s', async (option, most, beyond, limit) => {
    expect(await boot({ imports: [LalamoveModule.forRoot({ ...KEYS, ...nested(option, most) })] })).toBeUndefined();
    const refusal = await boot({ imports: [LalamoveModule.forRoot({ ...KEYS, ...nested(option, beyond) })] });
    expect(refusal).toBeInstanceOf(LalamoveOptionsException);
    expect(String(refusal)).toContain(option);
    expect(String(refusal)).toContain(limit);
  });

  it.each(DELIVERIES)('of DeliveriesModule is refused at boot: %s', async (option, most, beyond, limit) => {
    const imports = (value: unknown): Parameters<typeof boot>[0] => ({
      imports: [DeliveriesModule.forRoot({ database: { file: ':memory:' }, ...nested(option, value) })],
    });
    expect(await boot(imports(most))).toBeUndefined();
    const refusal = await boot(imports(beyond));
    expect(refusal).toBeInstanceOf(DeliveriesOptionsException);
    expect(String(refusal)).toContain(option);
    expect(String(refusal)).toContain(limit);
  });

  it.each([
    ['timeoutMs', TIMER + 1, '2147483647'],
    ['deadlineMs', Infinity, '2147483647'],
    ['maxAttempts', 1001, '1000'],
  ])('of a call is refused before anything is sent: %s', async (option, beyond, limit) => {
    const module = await Test.createTestingModule({ imports: [LalamoveModule.forRoot(KEYS)] }).compile();
    const refusal = await failureOf(module.get(LalamoveService).placeOrder(ORDER, { [option]: beyond }));
    expect(refusal).toMatchObject({
      name: 'InvalidRequestException',
      errors: [{ pointer: `/options/${option}`, message: expect.stringContaining(limit) }],
    });
    await module.close();
  });

  it.each(SANDBOX)('of the sandbox is refused at its start: %s', async (option, most, beyond, limit) => {
    sandbox = await LalamoveSandbox.start(nested(option, most));
    const refusal = await failureOf(LalamoveSandbox.start(nested(option, beyond)));
    expect(refusal).toBeInstanceOf(RangeError);
    expect(refusal.message).toContain(limit);
  });

  it.each(FAULTS)('of a fault of the sandbox is refused: %s', async (option, most, beyond, limit) => {
    const { control } = (sandbox = await LalamoveSandbox.start());
    const add = (fault: object): Promise<unknown> => control.addFault(fault);
    await add(most);
    const refusal = await failureOf(add(beyond));
    expect(refusal.message).toContain(option);
    expect(refusal.message).toContain(limit);
  });

  it.each(INBOX)('of an inbox in memory is refused: %s', (option, most, beyond, limit) => {
    const make = (value: unknown) => (): unknown => new InMemoryLalamoveInbox({ [option]: value });
    expect(make(most)).not.toThrow();
    expect(make(beyond)).toThrow(RangeError);
    expect(make(beyond)).toThrow(option);
    expect(make(beyond)).toThrow(limit);
  });
});
