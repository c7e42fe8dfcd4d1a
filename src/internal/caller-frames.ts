/** The number of frames of {@link withCallersFrames} and of the service's method that calls it. */
const OWN_FRAME = /^(async )?((\S+\.)?withCallersFrames|(LalamoveService\.)?#call) /;

/**
 * Adds the frames of the caller to the stack of an error. The error was created when a response arrived, so the stack
 * had none of the caller's code. Use this after an `await` on the failed call: there the engine knows the awaiting
 * code. Successful calls have no extra cost.
 *
 * @returns the same error, even if its stack cannot be changed
 */
export function withCallersFrames(error: unknown): unknown {
  try {
    if (error instanceof Error) addFrames(error, new Error().stack);
  } catch {
    // The host may have frozen the error, and its `Error.prepareStackTrace` may throw.
  }
  return error;
}

/** @param here a stack; not a string if the host's `Error.prepareStackTrace` returns another type */
function addFrames(error: Error, here: unknown): void {
  const stack: unknown = error.stack ?? String(error);
  if (typeof here !== 'string' || typeof stack !== 'string') return;
  const [, ...frames] = here.split('\n    at ');
  const callers = frames.filter((frame) => !OWN_FRAME.test(frame));
  if (callers.length > 0) error.stack = [stack, ...callers].join('\n    at ');
}
