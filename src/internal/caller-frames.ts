/** Of {@link withCallersFrames}, and of the method of the service that asks it. */
const OWN_FRAME = /^(async )?((\S+\.)?withCallersFrames|(LalamoveService\.)?#call) /;

/**
 * Adds who waits for a call to the stack of what it ends with: that was made when an answer came, where nobody's code is on the stack. Asked for once a
 * call has failed, after an `await`, where the engine knows who awaits; a call that goes well pays nothing.
 *
 * @returns the error itself, whatever becomes of its stack
 */
export function withCallersFrames(error: unknown): unknown {
  try {
    if (error instanceof Error) addFrames(error, new Error().stack);
  } catch {
    // A host's hook may have frozen it, and a host's `Error.prepareStackTrace` may throw.
  }
  return error;
}

/** @param here a host's `Error.prepareStackTrace` may have made anything of it */
function addFrames(error: Error, here: unknown): void {
  const stack: unknown = error.stack ?? String(error);
  if (typeof here !== 'string' || typeof stack !== 'string') return;
  const [, ...frames] = here.split('\n    at ');
  const callers = frames.filter((frame) => !OWN_FRAME.test(frame));
  if (callers.length > 0) error.stack = [stack, ...callers].join('\n    at ');
}
