import type { Fault, FaultRule } from '../../sandbox/faults/fault-rule.js';

/** A fault that is armed by one press. */
export interface FaultPreset {
  readonly title: string;
  readonly fault: Fault;
}

/** The faults that an integration should survive. */
export const FAULT_PRESETS: readonly FaultPreset[] = [
  { title: 'Order placed, answer lost', fault: { call: 'placeOrder', work: 'done', answer: 'reset' } },
  { title: 'Order refused: connection reset', fault: { call: 'placeOrder', answer: 'reset' } },
  { title: 'Order placed 2 min later', fault: { call: 'placeOrder', work: 'late', answer: 'reset' } },
  { title: 'Order placed, then 500', fault: { call: 'placeOrder', work: 'done', answer: { status: 500, body: '' } } },
  { title: 'No credit', fault: { call: 'placeOrder', answer: { code: 'ERR_INSUFFICIENT_CREDIT' } } },
  { title: 'Rate limit × 5', fault: { answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' }, times: 5 } },
  { title: 'Slow by 3 s, always', fault: { latencyMs: 3000, times: 'always' } },
  { title: 'No answer', fault: { answer: 'hang' } },
  { title: 'Half an answer', fault: { work: 'done', answer: 'truncate' } },
  { title: 'Webhooks lost', fault: { webhook: 'lost', times: 'always' } },
  { title: 'Webhooks doubled', fault: { webhook: 'doubled', times: 'always' } },
  { title: 'Webhooks reordered', fault: { webhook: 'reordered', times: 'always' } },
  { title: 'Webhook badly signed', fault: { webhook: 'badly-signed' } },
];

/** A fault in words. */
export function describeFault(fault: Fault): string {
  if ('webhook' in fault) {
    const { webhook, event, orderId, delay } = fault;
    return [
      `Webhook ${webhook}`,
      event === undefined ? 'any event' : listed(event),
      orderId === undefined ? '' : `order ${orderId}`,
      delay === undefined ? '' : `by ${delay}`,
    ]
      .filter((part) => part !== '')
      .join(', ');
  }
  const { call, latencyMs, work, lateBy, answer } = fault;
  return [
    call === undefined ? 'Any call' : listed(call),
    latencyMs === undefined ? '' : `waits ${latencyMs} ms`,
    work === undefined ? '' : `work ${work}${lateBy === undefined ? '' : ` by ${lateBy}`}`,
    answer === undefined ? '' : `answer: ${describeAnswer(answer)}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function describeAnswer(answer: NonNullable<Extract<Fault, { answer?: unknown }>['answer']>): string {
  if (typeof answer === 'string') return answer;
  return 'code' in answer ? answer.code : `${answer.status}`;
}

function listed(names: string | readonly string[]): string {
  return typeof names === 'string' ? names : names.join(', ');
}

/** How often a fault has applied, and will still apply. */
export function describeCount({ fired, left, probability }: FaultRule): string {
  const chance = probability === undefined ? '' : `, with a probability of ${probability}`;
  return `fired ${fired} ×, ${left === 'always' ? 'always applies' : `${left} × left`}${chance}`;
}
