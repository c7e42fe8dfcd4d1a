import type { LalamoveService, RequestOptions } from 'nestjs-lalamove';
import { ORDER, QUOTATION } from '../support/inputs.js';
import { mutatedAnswer, type MutatedAnswer } from './mutated-answers.js';
import { MUTATED_OPERATIONS, type Echo, type MutatedOperation } from './mutated-bodies.js';
import { SeededRandom } from '../support/seeded-random.js';

/** Keys that change when they are written in a URL. */
export const MUTATED_KEYS = { apiKey: 'pk_test_PUBLIC/KEY+', apiSecret: 'sk_test_PRIVATE/KEY+=', market: 'HK' };

/** As long as a true signature, for answers that are generated before their requests. */
const NO_SIGNATURE = '0'.repeat(64);

/** The time limit of a call without stalled answers: a call that reaches it hangs. */
const LONG_MS = 10_000;
/** The time limit with stalled answers. With two attempts it is longer, so that the requests stay in order. */
const SHORT_MS = { once: 250, twice: 1000 };

/** A call and its answers, derived from a seed and a number. */
export interface PlannedCall {
  seed: number;
  index: number;
  requestId: string;
  operation: MutatedOperation;
  /** 1, or 2 if the call may be retried. */
  maxAttempts: number;
  timeoutMs: number;
  /** Whether one of its answers ends by the time limit. */
  stalls: boolean;
  /** Whether there is an interceptor between the client and its adapter. */
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

/** The request line that the server must receive for each call. */
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
  // A stall takes long if there are two attempts, so it is rare there.
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
  // Enough for two attempts, and too little for any delay that an answer asks for.
  return CALLS[operation](lalamove, { requestId, maxAttempts, timeoutMs, deadlineMs: 2 * LONG_MS });
}

/** The parts of a request that an answer can echo. */
export function echoOf(signature: string): Echo {
  const { apiKey, apiSecret } = MUTATED_KEYS;
  return { apiKey, apiSecret, signature };
}
