/**
 * Whether this runtime sends a request again by itself, whatever its method, if a connection breaks that was kept open: Deno does so (seen
 * with 2.9, in `node:http` and `fetch`), and an order would be placed twice. Bun's `node:http` and Node do not.
 */
export function resendsOnKeepAlive(): boolean {
  return process.versions.deno !== undefined;
}
