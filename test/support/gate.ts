/** Where those that come first wait. */
export class Gate {
  /** How many came. */
  entered = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param stalls how many wait */
  constructor(private readonly stalls: number) {}

  /** Hands a value on, at once or when the gate opens. */
  pass<Value>(value: Value): Value | Promise<Value> {
    this.entered += 1;
    if (this.entered > this.stalls) return value;
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        resolve(value);
      });
    });
  }

  /** Lets them go on. */
  open(): void {
    for (const go of this.#waiting) go();
  }
}
