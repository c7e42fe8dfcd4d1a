/** Waits in real time, independent of the sandbox's clock. It does not keep the process alive. */
export function realPause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
