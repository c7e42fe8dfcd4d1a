/** An operation took longer than its timeout. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(what: string, ms: number) {
    super(`${what} gave no answer within ${ms} ms`);
  }
}

/**
 * Waits for a promise, with a timeout in real time. The work behind the promise continues after the timeout.
 *
 * @param ms the timeout
 * @param what the name of the operation in the message: `the inbox`
 * @param options `keepsAlive`: whether this wait keeps the process alive
 * @throws what the promise rejects with; a TimeoutError if it takes longer
 */
export async function withTimeout<T>(
  ms: number,
  what: string,
  awaited: T | PromiseLike<T>,
  { keepsAlive = true }: { keepsAlive?: boolean } = {},
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TimeoutError(what, ms));
    }, ms);
    if (!keepsAlive) timer.unref();
  });
  try {
    return await Promise.race([awaited, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until a promise settles, at most `ms` of real time. It never rejects. */
export async function atMost(ms: number, ending: Promise<unknown>): Promise<void> {
  await withTimeout(ms, '', ending).catch(() => undefined);
}
