/** A tile server that a map may use. */
export interface MapTiles {
  /** A template such as `https://tiles.example.com/{z}/{x}/{y}.png`. */
  readonly url: string;
  /** Shown on the map, as plain text, such as `© OpenStreetMap contributors`. */
  readonly attribution: string;
}

/**
 * The headers of a page: a content security policy without inline code, no frames, no referrer, no other origin but
 * that of the tiles.
 */
export function pageHeaders({ tiles }: { readonly tiles?: MapTiles | undefined } = {}): Record<string, string> {
  const images = ["'self'", 'data:', ...(tiles ? [originOf(tiles)] : [])].join(' ');
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      `img-src ${images}`,
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'geolocation=(), camera=(), microphone=()',
    ...DATA_HEADERS,
  };
}

/** The headers of data: never stored by a browser or proxy, never taken for another type. */
export const DATA_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** The headers of a page's files, which are the same for everybody. */
export const ASSET_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/** The origins of a tile template: `https://{s}.tile.example.com` becomes `https://*.tile.example.com`. */
function originOf({ url }: MapTiles): string {
  const [, scheme = '', host = ''] = /^(https?):\/\/([^/]+)\//.exec(url) ?? [];
  return `${scheme}://${host.replace('{s}', '*')}`;
}

/** Why a tile template cannot be used; `undefined` if it can. */
export function tilesProblem(tiles: unknown): string | undefined {
  if (typeof tiles !== 'object' || tiles === null) return 'must be { url, attribution }';
  const url: unknown = Reflect.get(tiles, 'url');
  const attribution: unknown = Reflect.get(tiles, 'attribution');
  if (typeof url !== 'string' || !/^https?:\/\/(\{s\}\.)?[\w.-]+(:\d+)?\/\S*$/.test(url))
    return 'url must be an http or https template, such as https://tiles.example.com/{z}/{x}/{y}.png';
  if (!['{z}', '{x}', '{y}'].every((part) => url.includes(part))) return 'url must contain {z}, {x} and {y}';
  return typeof attribution === 'string' && attribution !== '' ? undefined : 'attribution must be a text';
}
