import { describe, expect, it } from '@jest/globals';
import { failureOf } from '../../../test/support/lalamove.js';
import { DeliveriesStoreException } from '../delivery.exceptions.js';
import { PostedAnswers } from './posted-answers.js';

describe('PostedAnswers', () => {
  const logged: string[] = [];
  const log = (level: string) => (line: string) => {
    logged.push(`${level} ${line}`);
  };
  const logger = { log: log('log'), warn: log('warn'), error: log('error') };
  const full = new DeliveriesStoreException('The disk is full.');
  const closed = new DeliveriesStoreException('It is closed.', { retryable: false });

  function posted(orderId?: string): { answers: PostedAnswers; write: (...ends: unknown[]) => Promise<unknown> } {
    logged.length = 0;
    const answers = new PostedAnswers(logger);
    const attempt = answers.begin('A-1', 'attempt-1');
    attempt.orderId = orderId;
    const write = (...ends: unknown[]): Promise<unknown> =>
      answers.persist(attempt, () => {
        const end = ends.shift();
        return end instanceof Error ? Promise.reject(end) : Promise.resolve(end);
      });
    return { answers, write };
  }

  it('stores an answer at the first try, and logs nothing', async () => {
    const { answers, write } = posted('1001');
    expect(await write('stored')).toBe('stored');
    answers.warnUnderWay();
    expect(logged).toEqual([]);
  });

  it('retries while the database error is temporary, and logs only the first failure', async () => {
    const { answers, write } = posted('1001');
    expect(await write(full, full, 'stored')).toBe('stored');
    answers.warnUnderWay();
    const fields = 'delivery=A-1 attempt=attempt-1 order=1001';
    expect(logged).toEqual([
      `error An order was placed but could not be stored; storing it is retried (${fields} error=The disk is full.)`,
      `warn The answer to a posted order is stored now (${fields} failures=2)`,
    ]);
  });

  it.each([
    ['closed', closed],
    ['failing for good', new Error('UNIQUE constraint failed')],
  ])('throws the error of a database that is %s, and logs the order', async (_, failure) => {
    const { answers, write } = posted('1001');
    expect(await failureOf(write(full, failure))).toBe(failure);
    answers.warnUnderWay();
    expect(logged.at(-1)).toBe(
      'error An order was placed but could not be stored; its outcome stays unknown: call resolve({ orderId }) ' +
        `(delivery=A-1 attempt=attempt-1 order=1001 error=${failure.message})`,
    );
  });

  it('logs each posted order that is not stored when the app shuts down', () => {
    posted().answers.warnUnderWay();
    expect(logged).toEqual([
      'error The app shuts down while an order is posted: its answer may be lost ' + '(delivery=A-1 attempt=attempt-1)',
    ]);
    posted('1001').answers.warnUnderWay();
    expect(logged).toEqual([
      'error The app shuts down with an order that was placed but not stored ' +
        '(delivery=A-1 attempt=attempt-1 order=1001)',
    ]);
  });
});
