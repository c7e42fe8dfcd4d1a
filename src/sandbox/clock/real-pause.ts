/** A pause in real time, whatever the sandbox's clock says: what is on the wire takes its time. It keeps no process alive. */
export function realPause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
