import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SandboxControl } from '../../src/sandbox/control/sandbox-control.js';
import type { LalamoveSandboxOptions } from '../../src/sandbox/sandbox.options.js';
import type { SeededRandom } from '../support/seeded-random.js';

/** A sandbox in a process of its own. */
export interface Oracle {
  readonly control: SandboxControl;
  readonly url: string;
  readonly keys: { readonly apiKey: string; readonly apiSecret: string };
  readonly stop: () => void;
}

/** Starts a sandbox whose unknown behaviour is chosen at random. */
export async function startOracle(folder: string, random: SeededRandom, seed: number): Promise<Oracle> {
  const options: LalamoveSandboxOptions = {
    seed,
    drivers: 'mixed',
    rateLimits: false,
    apiSecret: 'sk_test_never_to_be_written',
    webhooks: { timeoutMs: 2000, earlyWaitMs: 150 },
    unknowns: {
      metadata: random.pick(['whole-orders', 'order-only', 'every-event']),
      orderCreated: random.pick(['before-answer', 'after-answer']),
      webhookRetries: random.pick(['signed-anew', 'repeated']),
    },
  };
  const child = fork(join(folder, 'test/chaos/oracle.js'), {
    env: { ...process.env, NODE_OPTIONS: '', CHAOS_ORACLE: JSON.stringify(options) },
    execArgv: [],
  });
  const [{ url, apiKey, apiSecret }] = (await once(child, 'message')) as [
    { url: string; apiKey: string; apiSecret: string },
  ];
  return {
    control: SandboxControl.connect(url),
    url,
    keys: { apiKey, apiSecret },
    stop: () => {
      child.kill('SIGKILL');
    },
  };
}

/** Adds faults: answers lost after the work, work that is late or skipped, and faults of every kind for webhooks. */
export async function addFaults(control: SandboxControl, random: SeededRandom): Promise<void> {
  const often = { times: 'always' } as const;
  const share = (most: number): number => Math.round(random.next() * most * 100) / 100;
  await control.addFault({ call: 'placeOrder', work: 'done', answer: 'reset', probability: share(0.5), ...often });
  await control.addFault({
    call: 'placeOrder',
    work: 'done',
    answer: { status: 502, body: '<html>' },
    probability: share(0.3),
    ...often,
  });
  await control.addFault({
    call: 'placeOrder',
    work: 'late',
    lateBy: '1m',
    answer: 'hang',
    probability: share(0.15),
    ...often,
  });
  await control.addFault({ call: 'placeOrder', work: 'done', answer: 'truncate', probability: share(0.2), ...often });
  await control.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset', probability: share(0.2), ...often });
  await control.addFault({
    call: ['createQuotation', 'getOrder', 'cancelOrder'],
    answer: 'reset',
    probability: share(0.2),
    ...often,
  });
  await control.addFault({
    call: ['createQuotation', 'getOrder'],
    answer: { code: 'LALAMOVE_SERVER_ERROR' },
    probability: share(0.2),
    ...often,
  });
  for (const webhook of ['lost', 'doubled', 'delayed', 'reordered', 'early', 'badly-signed'] as const) {
    await control.addFault({ webhook, probability: share(0.35), ...often });
  }
}
