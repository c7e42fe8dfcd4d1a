/** How many URLs are remembered that were registered. */
const MOST_LEARNT = 8;

/** The paths that webhooks of a registration may be signed over: Lalamove signs the path of the URL that it knows. */
export class PublicPaths {
  #mounted: string | undefined;
  readonly #learnt = new Set<string>();

  /** @param stated `publicPath`: then no other counts */
  constructor(private readonly stated: string | undefined) {}

  /** @param path where the endpoint is, with the global prefix */
  mountedAt(path: string): void {
    this.#mounted = path;
  }

  /** A URL has been registered with Lalamove. What is no URL teaches nothing. */
  learn(url: string): void {
    if (!URL.canParse(url)) return;
    const { pathname, search } = new URL(url);
    for (const path of new Set([pathname, pathname + search])) {
      this.#learnt.delete(path);
      this.#learnt.add(path);
    }
    for (const oldest of this.#learnt) {
      if (this.#learnt.size <= MOST_LEARNT) break;
      this.#learnt.delete(oldest);
    }
  }

  /** The likeliest first. */
  all(): readonly string[] {
    if (this.stated !== undefined) return [rooted(this.stated)];
    const mounted = this.#mounted === undefined ? [] : [this.#mounted, `${this.#mounted}/`];
    return [...new Set([...[...this.#learnt].reverse(), ...mounted])];
  }
}

/** A path with the slash that it begins with. */
export function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
