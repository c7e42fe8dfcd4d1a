import type { IncomingHttpHeaders } from 'node:http';

/** The header without which nothing is done: a form of another site cannot send it. */
export const ACTION_HEADER = 'x-lalamove-board';

/**
 * Why a request may not read data, because a page of another site has made it; `undefined` if it may. A browser without
 * `Sec-Fetch-Site` is trusted: without CORS, a foreign page cannot read the answer.
 */
export function foreignReadProblem(headers: IncomingHttpHeaders): string | undefined {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
  return 'The board answers its own page only. Another page has made this request.';
}

/**
 * Why a request may not act; `undefined` if it may. It must come from the page itself, as `Sec-Fetch-Site` says or, in
 * browsers without it, as `Origin` says, in a form that a page of another site cannot send (OWASP, cross-site request
 * forgery).
 *
 * @param origins other origins of the page, behind a proxy that changes the `Host` header
 */
export function foreignActionProblem(headers: IncomingHttpHeaders, origins: readonly string[]): string | undefined {
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return 'An action must be sent as JSON.';
  if (headers[ACTION_HEADER] !== '1') return `An action needs the header "${ACTION_HEADER}: 1".`;
  const { 'sec-fetch-site': site, origin, host } = headers;
  if (site !== undefined) return site === 'same-origin' ? undefined : FOREIGN;
  if (origin === undefined) return FOREIGN;
  return origins.includes(origin) || hostOf(origin) === host?.toLowerCase() ? undefined : FOREIGN;
}

const FOREIGN =
  'The board takes actions from its own page only. If a proxy changes the Host header, set the option origins.';

/** The host and port of an origin as in a `Host` header; `undefined` if it is none. */
function hostOf(origin: string): string | undefined {
  return /^https?:\/\//.test(origin) && URL.canParse(origin) ? new URL(origin).host : undefined;
}
