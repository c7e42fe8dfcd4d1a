import { expect } from '@jest/globals';

/** Expects that the sandbox refuses a call with exactly this error. */
export async function expectRefusal(
  call: Promise<unknown>,
  code: string,
  pointer?: string,
  status = 422,
): Promise<void> {
  const errors = pointer === undefined ? [{ code }] : [{ code, pointer }];
  await expect(call).rejects.toMatchObject({ code, upstreamStatus: status, errors });
}
