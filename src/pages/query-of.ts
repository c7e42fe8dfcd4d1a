/** The query of a request's target. Unlike the class `URL` it takes every target, also one that is no URL. */
export function queryOf(target = ''): URLSearchParams {
  const start = target.indexOf('?');
  return new URLSearchParams(start === -1 ? '' : target.slice(start));
}
