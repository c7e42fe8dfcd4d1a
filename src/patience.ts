/**
 * Waits for something, but not for ever; in real time.
 *
 * @param what it is, for the message: `the inbox`
 * @throws what it rejects with; an Error where it takes longer
 */
export async function within<T>(ms: number, what: string, awaited: T | PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} gave no answer within ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([awaited, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for something to end, or for so long, in real time; whichever comes first. It never rejects. */
export async function atMost(ms: number, ending: Promise<unknown>): Promise<void> {
  await within(ms, '', ending).catch(() => undefined);
}
