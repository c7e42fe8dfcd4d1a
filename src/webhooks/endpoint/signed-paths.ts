import { LruMap } from '../../internal/lru-map.js';

/** How many paths of URLs that were registered are remembered. */
const MAX_LEARNT = 8;

/** The paths that the webhooks of a registration may be signed with. Lalamove signs the path of the registered URL. */
export class SignedPaths {
  #mounted: string | undefined;
  readonly #learnt = new LruMap<string, true>(MAX_LEARNT);

  /** @param stated the option `publicPath`; if it is set, no other path counts */
  constructor(private readonly stated: string | undefined) {}

  /** @param path the path of the mounted endpoint, with the global prefix */
  mountedAt(path: string): void {
    this.#mounted = path;
  }

  /** Adds the path of a URL that was registered with Lalamove. An invalid URL is ignored. */
  learn(url: string): void {
    if (!URL.canParse(url)) return;
    const { pathname, search } = new URL(url);
    for (const path of [pathname, pathname + search]) this.#learnt.set(path, true);
  }

  /** All paths, the most likely one first. */
  all(): readonly string[] {
    if (this.stated !== undefined) return [rooted(this.stated)];
    const mounted = this.#mounted === undefined ? [] : [this.#mounted, `${this.#mounted}/`];
    return [...new Set([...[...this.#learnt.keys()].reverse(), ...mounted])];
  }
}

/** Adds the leading slash, if a path has none. */
export function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
