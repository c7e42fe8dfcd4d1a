import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { LalamoveSandbox, SandboxControlError, type Fault } from 'nestjs-lalamove/sandbox';
import { failureOf } from '../support/lalamove.js';

/** Invalid faults, with the expected message. */
const BAD_FAULTS: [fault: unknown, problem: RegExp][] = [
  [{}, /does something: give it an answer/],
  [{ call: 'getOrder', times: 2 }, /does something/],
  [{ answer: 'reset', when: 'now' }, /has no when: it can have call, latencyMs, work, lateBy, answer, times, prob/],
  [{ webhook: 'lost', answer: 'reset' }, /has no answer: it can have webhook, event, orderId, delay, times, prob/],
  [{ answer: 'reset', times: 0 }, /times must be a whole number of at least 1 and at most 1000000000, or "always"/],
  [{ answer: 'reset', times: 1.5 }, /times/],
  [{ answer: 'reset', times: 'twice' }, /times/],
  [{ answer: 'reset', times: null }, /times/],
  [{ webhook: 'lost', times: -1 }, /times/],
  [{ answer: 'reset', probability: -0.1 }, /probability must be a number from 0 to 1/],
  [{ answer: 'reset', probability: 1.1 }, /probability/],
  [{ webhook: 'lost', probability: '1' }, /probability/],
  [{ call: 'payOrder', answer: 'reset' }, /"payOrder" is no call of Lalamove's/],
  [{ call: ['getOrder', 'payOrder'], answer: 'reset' }, /"payOrder" is no call/],
  [{ call: [5], answer: 'reset' }, /call/],
  [{ call: 5, answer: 'reset' }, /call/],
  [{ call: null, answer: 'reset' }, /call/],
  [{ call: { name: 'getOrder' }, answer: 'reset' }, /call/],
  [{ latencyMs: -1 }, /latencyMs must be a number of ms/],
  [{ latencyMs: '1s' }, /latencyMs/],
  [{ work: 'twice' }, /work must be "skipped", "done" or "late"/],
  [{ work: 'late', lateBy: 'soon' }, /"soon" is not a duration/],
  [{ work: 'late', lateBy: -1 }, /-1 is not a duration/],
  [{ answer: 'tea' }, /answer must be "reset", "hang", "truncate", { code } of the error table, or { status, body }/],
  [{ answer: {} }, /answer must be/],
  [{ answer: null }, /answer must be/],
  [{ answer: { code: 'ERR_NO_SUCH_CODE' } }, /no row for "ERR_NO_SUCH_CODE"/],
  [{ answer: { code: 42 } }, /no row for 42/],
  [{ answer: { code: 'ERR_INVALID_FIELD', status: 99 } }, /status of an answer must be a whole number from 200 to 999/],
  [{ answer: { status: 200.5, body: '' } }, /status/],
  [{ answer: { status: '500', body: '' } }, /status/],
  [{ answer: { status: 500 } }, /needs a body: a text/],
  [{ answer: { code: 'ERR_INVALID_FIELD', shape: 'xml' } }, /shape of a refusal must be one of list, message, object/],
  [{ answer: { code: 'ERR_INVALID_FIELD', headers: 'x: y' } }, /headers of an answer must be an object of texts/],
  [{ answer: { status: 200, body: '', headers: { x: 1 } } }, /headers of an answer must be an object of texts/],
  [{ answer: { status: 200, body: '', headers: { 'x y': 'z' } } }, /cannot have the header "x y"/],
  [{ answer: { status: 200, body: '', headers: { x: 'y\nz' } } }, /cannot have the header "x"/],
  [{ webhook: 'eaten' }, /webhook must be one of lost, doubled, delayed, reordered, badly-signed, early/],
  [{ webhook: 'delayed', delay: 'a bit' }, /"a bit" is not a duration/],
  [{ webhook: 'lost', event: 5 }, /event/],
  [{ webhook: 'lost', event: [null] }, /event/],
  [{ webhook: 'lost', event: {} }, /event/],
  [{ webhook: 'lost', orderId: 5 }, /orderId/],
];

describe('an invalid fault', () => {
  let sandbox: LalamoveSandbox;

  beforeAll(async () => {
    sandbox = await LalamoveSandbox.start();
  });

  afterEach(() => sandbox.control.clearFaults());

  afterAll(() => sandbox.stop());

  it.each(BAD_FAULTS)('%j is refused', async (fault, problem) => {
    const answer = await fetch(`${sandbox.url}/_sandbox/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fault),
    });
    expect([answer.status, await answer.json()]).toEqual([400, { message: expect.stringMatching(problem) }]);
    expect(await sandbox.control.faults()).toEqual([]);
  });

  it('is refused in this process, too', async () => {
    const fault: Fault = { answer: 'reset', times: 0 };
    expect(() => sandbox.addFault(fault)).toThrow(RangeError);
    expect(await failureOf(sandbox.control.addFault(fault))).toBeInstanceOf(SandboxControlError);
    expect(await sandbox.control.faults()).toEqual([]);
  });
});
