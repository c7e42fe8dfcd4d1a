/** The frames of {@link withCallersFrames} and of the service's method that calls it. */
const OWN_FRAME = /^(async )?((\S+\.)?withCallersFrames|(LalamoveService\.)?#call) /;

/**
 * Adds the frames of the caller to the stack of an error. The error was created when an answer arrived: none of the
 * caller's code was on the stack then. Use this after an `await` on the failed call, where the engine knows who awaits
 * it. Calls that succeed cost nothing.
 *
 * @returns the same error, also if its stack cannot be changed
 */
export function withCallersFrames(error: unknown): unknown {
  try {
    if (error instanceof Error) addFrames(error, new Error().stack);
  } catch {
    // The host may have frozen the error, and its `Error.prepareStackTrace` may throw.
  }
  return error;
}

/** @param here a stack; no string if the host's `Error.prepareStackTrace` returns something else */
function addFrames(error: Error, here: unknown): void {
  const stack: unknown = error.stack ?? String(error);
  if (typeof here !== 'string' || typeof stack !== 'string') return;
  const [, ...frames] = here.split('\n    at ');
  const callers = frames.filter((frame) => !OWN_FRAME.test(frame));
  if (callers.length > 0) error.stack = [stack, ...callers].join('\n    at ');
}
