/** Makes the first callers wait until it is opened. */
export class Gate {
  /** The number of callers so far. */
  entered = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param stalls how many callers wait */
  constructor(private readonly stalls: number) {}

  /** Resolves with the value, at once or when the gate opens. */
  pass<Value>(value: Value): Value | Promise<Value> {
    this.entered += 1;
    if (this.entered > this.stalls) return value;
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        resolve(value);
      });
    });
  }

  /** Opens the gate. */
  open(): void {
    for (const go of this.#waiting) go();
  }
}
