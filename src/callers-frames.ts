/**
 * Adds who waits for a call to the stack of what it ends with: that was made when an answer came, where nobody's code is on the stack. Asked for once a
 * call has failed, after an `await`, where the engine knows who awaits; a call that goes well pays nothing.
 */
export function withCallersFrames(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const [, ...frames] = new Error().stack?.split('\n    at ') ?? [];
  // This function, and the method of the service that asks it.
  const callers = frames.filter((frame) => !/withCallersFrames|#call/.test(frame));
  if (callers.length > 0) error.stack = [error.stack ?? String(error), ...callers].join('\n    at ');
  return error;
}
