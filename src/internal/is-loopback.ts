/**
 * Whether a host is this machine, such as `localhost` or `127.0.0.1`.
 *
 * @param host with or without a port
 */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);
}

/** What to do if nothing listens at a loopback host that should be Lalamove's. */
export const START_SANDBOX = 'Start the sandbox: npx lalamove-sandbox.';
