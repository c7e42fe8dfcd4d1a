import type { LalamoveService, RequestOptions } from 'nestjs-lalamove';
import { ORDER, QUOTATION } from '../support/inputs.js';
import { mutatedAnswer, type MutatedAnswer } from './mutated-answers.js';
import { MUTATED_OPERATIONS, type Echo, type MutatedOperation } from './mutated-bodies.js';
import { SeededRandom } from '../support/seeded-random.js';

/** Keys that need care: they change when they are written in a URL. */
export const MUTATED_KEYS = { apiKey: 'pk_test_PUBLIC/KEY+', apiSecret: 'sk_test_PRIVATE/KEY+=', market: 'HK' };

/** As long as a true signature, for answers that are drawn ahead of their requests. */
const NO_SIGNATURE = '0'.repeat(64);

/** How long a call waits whose answers do not stall: any that takes so long hangs. */
const LONG_MS = 10_000;
/** And one whose answers do. Where a call may be sent twice, no request may come so late that the two change places. */
const SHORT_MS = { once: 250, twice: 1000 };

/** A call and its answers, as they follow from a seed and a number. */
export interface PlannedCall {
  seed: number;
  index: number;
  requestId: string;
  operation: MutatedOperation;
  /** 1, or 2 where it may be repeated. */
  maxAttempts: number;
  timeoutMs: number;
  /** Whether one of its answers ends by the time limit. */
  stalls: boolean;
  /** Whether an interceptor stands between the client and its adapter. */
  intercepted: boolean;
  answer: (attempt: number, signature: string) => MutatedAnswer;
}

const CALLS: Readonly<
  Record<MutatedOperation, (lalamove: LalamoveService, options: RequestOptions) => Promise<unknown>>
> = {
  getOrder: (lalamove, options) => lalamove.getOrder('1', options),
  placeOrder: (lalamove, options) => lalamove.placeOrder(ORDER, options),
  createQuotation: (lalamove, options) => lalamove.createQuotation(QUOTATION, options),
  cancelOrder: (lalamove, options) => lalamove.cancelOrder('1', options),
};

/** What the server must see of each. */
export const REQUEST_LINES: Readonly<Record<MutatedOperation, string>> = {
  getOrder: 'GET /v3/orders/1',
  placeOrder: 'POST /v3/orders',
  createQuotation: 'POST /v3/quotations',
  cancelOrder: 'DELETE /v3/orders/1',
};

export function planCall(seed: number, index: number): PlannedCall {
  const random = new SeededRandom(seed, index, 0);
  const operation = random.pick(MUTATED_OPERATIONS);
  const maxAttempts = random.chance(0.25) ? 2 : 1;
  const intercepted = random.chance(0.3);
  // That takes so long where a call may be sent twice that it is seldom done.
  const mayStall = maxAttempts === 1 || random.chance(0.1);
  const drawn = (attempt: number, signature: string): MutatedAnswer =>
    mutatedAnswer({ seed, index, attempt, operation, mayStall }, echoOf(signature));
  const answers = Array.from({ length: maxAttempts }, (_, before) => drawn(before + 1, NO_SIGNATURE));
  const stalls = answers.some(({ reading }) => reading.views.some(({ end }) => end === 'timeout'));
  return {
    seed,
    index,
    requestId: `mutated-${seed}-${index}`,
    operation,
    maxAttempts,
    timeoutMs: stalls ? (maxAttempts === 1 ? SHORT_MS.once : SHORT_MS.twice) : LONG_MS,
    stalls,
    intercepted,
    answer: (attempt, signature) => {
      const known = answers[attempt - 1];
      return known === undefined || known.echoes ? drawn(attempt, signature) : known;
    },
  };
}

export function makeCall(lalamove: LalamoveService, call: PlannedCall): Promise<unknown> {
  const { operation, requestId, maxAttempts, timeoutMs } = call;
  // Enough for two attempts, and too little for any wait that an answer asks for.
  return CALLS[operation](lalamove, { requestId, maxAttempts, timeoutMs, deadlineMs: 2 * LONG_MS });
}

/** What an answer can repeat of a request. */
export function echoOf(signature: string): Echo {
  const { apiKey, apiSecret } = MUTATED_KEYS;
  return { apiKey, apiSecret, signature };
}
