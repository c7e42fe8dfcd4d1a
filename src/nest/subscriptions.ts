/**
 * The metadata of a handler decorator. The key is the same in all copies of this package, because an app may import
 * the decorator from one copy (ESM) and the module from another (CommonJS).
 */
export class Subscriptions<Subscription> {
  /**
   * @param decorator the name of the decorator, for the error message
   * @param key the key of the metadata
   */
  constructor(
    private readonly decorator: string,
    private readonly key: string,
  ) {}

  /**
   * Adds a subscription to a method.
   *
   * @throws TypeError for a static method
   */
  add(target: object, name: string, method: object | undefined, subscription: Subscription): void {
    if (typeof target === 'function') {
      throw new TypeError(`${this.decorator} on ${name}: a static method is never called.`);
    }
    if (method) Reflect.defineMetadata(this.key, [...this.of(method), subscription], method);
  }

  /** The subscriptions of a method; empty if it has no decorator. */
  readonly of = (method: object): readonly Subscription[] => {
    const found: unknown = Reflect.getMetadata(this.key, method);
    return this.#isList(found) ? found : [];
  };

  /** Only this class writes to the key, so the elements are not checked. */
  #isList(value: unknown): value is readonly Subscription[] {
    return Array.isArray(value);
  }
}
