/** The result of a command: its exit code and the message that it prints. */
export interface CommandResult {
  /** 1: an error. 2: wrong arguments. */
  readonly code: 0 | 1 | 2;
  readonly message: string;
}

/** Prints the message to stdout, or to stderr if it is an error, and sets the exit code. */
export function endCommand({ code, message }: CommandResult): void {
  // The output of a command, not a log line.
  if (code === 0) console.log(message);
  else console.error(message);
  process.exitCode = code;
}
