/** Thrown where the sandbox's control refuses a request, or cannot be reached; the message says why. */
export class SandboxControlError extends Error {
  override readonly name = 'SandboxControlError';

  constructor(
    message: string,
    /** The HTTP status of the refusal; 0 where nothing answered. */
    readonly status: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** What answered is something else. */
  static notASandbox(url: string, status: number): SandboxControlError {
    return new SandboxControlError(`${url} does not answer as a sandbox of this version does.`, status);
  }

  /** What a request to the control ended with. */
  static of(error: unknown, url: string): SandboxControlError {
    if (error instanceof SandboxControlError) return error;
    const { cause = error } = Object(error) as { cause?: unknown };
    const code: unknown = Object(cause) === cause ? Reflect.get(Object(cause) as object, 'code') : undefined;
    const why = typeof code === 'string' ? ` (${code})` : '';
    return new SandboxControlError(`The sandbox cannot be reached at ${url}${why}.`, 0, { cause: error });
  }
}
