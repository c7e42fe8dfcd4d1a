/** Thrown if the control API refuses a request or cannot be reached. The message says why. */
export class SandboxControlError extends Error {
  override readonly name = 'SandboxControlError';

  constructor(
    message: string,
    /** The HTTP status of the refusal; 0 if nothing answered. */
    readonly status: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The error if a different program or version answered. */
  static notASandbox(url: string, status: number): SandboxControlError {
    return new SandboxControlError(`${url} does not answer like a sandbox of this version.`, status);
  }

  /** Converts any error of a request to the control API. */
  static of(error: unknown, url: string): SandboxControlError {
    if (error instanceof SandboxControlError) return error;
    const { cause = error } = Object(error) as { cause?: unknown };
    const code: unknown = Object(cause) === cause ? Reflect.get(Object(cause) as object, 'code') : undefined;
    const why = typeof code === 'string' ? ` (${code})` : '';
    return new SandboxControlError(`The sandbox cannot be reached at ${url}${why}.`, 0, { cause: error });
  }
}
