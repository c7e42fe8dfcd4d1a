/**
 * Whether this runtime by itself sends a request again, of any method, if a kept connection breaks. Deno does so (seen
 * with 2.9, in `node:http` and `fetch`): an order would be placed twice. Node and the `node:http` of Bun do not.
 */
export function resendsOnKeepAlive(): boolean {
  return process.versions.deno !== undefined;
}
