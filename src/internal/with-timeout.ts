/** Something has taken longer than it may. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(what: string, ms: number) {
    super(`${what} gave no answer within ${ms} ms`);
  }
}

/**
 * Waits for something, but not for ever; in real time.
 *
 * @param what it is, for the message: `the inbox`
 * @param options `keepsAlive`: whether the process lives on for the wait alone
 * @throws what it rejects with; a TimeoutError if it takes longer
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

/** Waits for something to end, or for so long, in real time; whichever comes first. It never rejects. */
export async function atMost(ms: number, ending: Promise<unknown>): Promise<void> {
  await withTimeout(ms, '', ending).catch(() => undefined);
}
