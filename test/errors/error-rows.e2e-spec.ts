import { expect, it } from '@jest/globals';
import { ERROR_CATALOG, type ErrorRow, type LalamoveErrorCode } from 'nestjs-lalamove';
import type { RefusalShape } from 'nestjs-lalamove/sandbox';
import { describeHosts } from './answering-hosts.js';
import { request } from '../support/host-app.js';

const SHAPES: readonly RefusalShape[] = ['list', 'message', 'object'];

/** Every row of Lalamove's, with each of its statuses and each form of the body. */
const CASES = ERROR_CATALOG.flatMap((row) =>
  row.statuses.flatMap((status) => SHAPES.map((shape) => ({ code: row.code, status, shape, row }))),
);

describeHosts('every error row', ({ policy, format, sandbox, url }) => {
  it.each(CASES)('$status $code as $shape', async ({ code, status, shape, row }) => {
    sandbox().respondNext({
      code: code as LalamoveErrorCode,
      status,
      shape,
      headers: { 'request-id': 'lalamove-1' },
    });
    const answer = await request('GET', `${url()}/cities`);
    expect(answer.status).toBe(expectedStatus(row, status, policy));
    expect(answer.headers.get('content-type')).toMatch(
      format === 'problem' ? /^application\/problem\+json/ : /^application\/json/,
    );
    const neutral = policy === 'gateway' && (row.gateway !== undefined || status >= 500);
    const sent = sandbox().requests.at(-1)?.answer?.body ?? '';
    const listsNone = neutral || sent === '';
    const members = {
      code: neutral ? 'LALAMOVE_UNAVAILABLE' : code,
      errors: listsNone ? [] : [{ code, message: textIn(sent) ?? row.message }],
      requestId: 'lalamove-1',
    };
    const message = neutral
      ? 'The delivery service is not available at the moment. Please try again later.'
      : ((sent === '' ? row.bare?.[status] : undefined) ?? row.message);
    if (format === 'problem') {
      expect(answer.body).toEqual({
        type: 'about:blank',
        title: expect.stringMatching(/\w/),
        status: answer.status,
        detail: message,
        ...members,
      });
    } else {
      expect(answer.body).toEqual({
        statusCode: answer.status,
        error: expect.stringMatching(/\w/),
        message,
        ...members,
      });
    }
  });
});

/** The text of the error in the body, if it has one beside the code. */
function textIn(body: string): string | undefined {
  const text = /"message":"([^"]+)"/.exec(body)?.[1];
  return text?.startsWith('ERR_') ? undefined : text;
}

function expectedStatus(row: ErrorRow, sent: number, policy: 'mirror' | 'gateway'): number {
  if (policy === 'mirror') return sent;
  return sent >= 500 ? 502 : (row.gateway ?? sent);
}
