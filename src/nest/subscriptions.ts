/** What the decorators of handlers note on methods, each under a name that all copies of this package know: an app may have its decorator from one and its module from another. */
export class Subscriptions<Subscription> {
  /**
   * @param decorator its name, for the message
   * @param key of the metadata
   */
  constructor(
    private readonly decorator: string,
    private readonly key: string,
  ) {}

  /**
   * Notes one more.
   *
   * @throws TypeError on a static method
   */
  add(target: object, name: string, method: object | undefined, subscription: Subscription): void {
    if (typeof target === 'function') {
      throw new TypeError(`${this.decorator} on ${name}: a static method is never called.`);
    }
    if (method) Reflect.defineMetadata(this.key, [...this.of(method), subscription], method);
  }

  /** What a method handles; nothing for one without the decorator. */
  readonly of = (method: object): readonly Subscription[] => {
    const found: unknown = Reflect.getMetadata(this.key, method);
    return this.#isList(found) ? found : [];
  };

  /** Nobody else writes under our names. */
  #isList(value: unknown): value is readonly Subscription[] {
    return Array.isArray(value);
  }
}
