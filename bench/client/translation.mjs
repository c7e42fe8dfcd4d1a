// A separate process: how long the translation of an answer into its exception takes. With a refusal's name it measures
// that refusal. Without one it measures the creation of Nest's own exception, which every translation includes.
import { HttpException } from '@nestjs/common';
import { performance } from 'node:perf_hooks';
import { translateAnswer } from '../../dist/compiled/errors/translate-answer.js';
import { answering } from './processes.mjs';
import { CREDENTIALS, REFUSALS } from './samples.mjs';
import { median } from './report.mjs';

const BATCHES = 41;
const BATCH = 500;
/** An exception records ten stack frames. An app always has that many, and they cost time. */
const DEPTH = 12;

const CONTEXT = {
  operation: 'placeOrder',
  account: undefined,
  policy: 'mirror',
  sentRequestId: '5f1d7a1e-52a5-4ad0-8a25-2b4a9b0d54c8',
  repeatable: false,
  now: Date.parse('2026-12-01T08:00:00Z'),
  secrets: [CREDENTIALS.apiKey, CREDENTIALS.apiSecret, 'c0ffee'.repeat(10)],
};

const deep = (depth, work) => (depth === 0 ? work() : deep(depth - 1, work));

/** @param make returns an exception */
function batch(make, statusOf, status) {
  let read = 0;
  const start = performance.now();
  for (let each = 0; each < BATCH; each += 1) read += statusOf(make());
  const spent = performance.now() - start;
  if (read !== status * BATCH) throw new Error('This is not the exception of the answer.');
  return (spent * 1000) / BATCH;
}

function translations(answer) {
  const translate = () => translateAnswer(answer, CONTEXT);
  return () => batch(translate, (exception) => exception.upstreamStatus, answer.status);
}

function bareExceptions() {
  const make = () => new HttpException('Refused.', 422);
  return () => batch(make, (exception) => exception.getStatus(), 422);
}

answering(({ refusal }) => {
  const work = refusal === undefined ? bareExceptions() : translations(REFUSALS[refusal]);
  return { microseconds: median(Array.from({ length: BATCHES }, () => deep(DEPTH, work))) };
});
